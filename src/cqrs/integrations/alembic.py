"""For users of Alembic: a branch ``cqrs`` of numbered revisions, and what keeps autogenerate away from our tables.

Add ``cqrs.integrations:alembic_versions`` to the ``version_locations`` of your ``alembic.ini``. The revisions run the
statements of :mod:`cqrs.migrations` and share its book-keeping: what one of the two has applied, the other leaves
alone. In ``alembic.ini``, ``cqrs_outbox_table`` and ``cqrs_inbox_table`` name the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic import op

from cqrs._sqlalchemy.types import BinaryUUID, UtcDateTime
from cqrs.leases.sqlalchemy.tables import lease_metadata
from cqrs.migrations.engine import KNOWN
from cqrs.migrations.steps import BOOK, MAKE_BOOK, steps_of
from cqrs.migrations.subjects import tables_of
from cqrs.outbox.log.tables import log_metadata

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext

    from cqrs.migrations.steps import Step

__all__ = ["compare_type", "include_object", "render_item"]


def include_object(  # noqa: PLR0913, PLR0917  # the first five are Alembic's
    obj: object,
    name: str | None,
    type_: str,
    reflected: bool,  # noqa: FBT001  # as above
    compare_to: object,
    outbox_table: str | None = None,
    inbox_table: str | None = None,
) -> bool:
    """For ``include_object`` of ``context.configure``: autogenerate does not drop the tables of this package.

    Those that are in your metadata are compared like all others. If the tables have names of yours, bind them with
    ``functools.partial``.
    """
    del obj
    if type_ != "table" or not reflected or compare_to is not None:
        return True
    tables = tables_of(None, outbox_table, inbox_table)
    inbox = tables["inbox"]
    return name not in {
        BOOK,
        tables["outbox"],
        inbox,
        f"{inbox}_sequences",
        f"{inbox}_parked",
        *lease_metadata.tables,
        *log_metadata.tables,
    }


def render_item(type_: str, obj: object, context: AutogenContext) -> str | Literal[False]:
    """For ``render_item`` of ``context.configure``: the columns of our mixins as plain types of SQLAlchemy.

    Your revisions then depend on nothing in this package.
    """
    if type_ != "type" or not isinstance(obj, BinaryUUID | UtcDateTime):
        return False
    sa = context.opts.get("sqlalchemy_module_prefix") or ""
    if isinstance(obj, BinaryUUID):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return f"{sa}BINARY(16).with_variant(postgresql.UUID(), 'postgresql')"
    context.imports.add("from sqlalchemy.dialects import mysql")
    return f"{sa}DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')"


def compare_type(
    context: MigrationContext, inspected_column: object, column: object, inspected: object, kind: object
) -> bool | None:
    """For ``compare_type`` of ``context.configure``: autogenerate leaves our ids alone, which SQLite shows as numbers.

    All other types are compared as usual.
    """
    del inspected_column, column, inspected
    return False if context.dialect.name == "sqlite" and isinstance(kind, BinaryUUID) else None


def apply(subject: str, version: int) -> None:
    """Run one step of ``subject``, unless the book says that it was run. For the revisions of this package.

    Where the database has no such subject, nothing is done.
    """
    step = _step(subject, version)
    if step is not None and not _known(step):
        _run(*step.up, step.forget, step.note)


def undo(subject: str, version: int) -> None:
    """Undo one step of ``subject``. For the revisions of this package."""
    step = _step(subject, version)
    if step is not None:
        _run(*step.down, step.forget)


def _step(subject: str, version: int) -> Step | None:
    context = op.get_context()
    config: Any = context.config
    outbox_table, inbox_table = (
        (config and config.get_main_option(f"cqrs_{name}_table")) or None for name in ("outbox", "inbox")
    )
    tables = tables_of([subject], outbox_table, inbox_table)
    _run(MAKE_BOOK)
    return next((step for step in steps_of(context.dialect.name, tables) if step.version == version), None)


def _known(step: Step) -> bool:
    if op.get_context().as_sql:
        return False  # there is nobody to ask
    return (step.subject, step.table, step.version) in {
        (row.subject, row.table_name, row.version) for row in op.get_bind().execute(KNOWN)
    }


def _run(*statements: str) -> None:
    context = op.get_context()
    for statement in statements:
        if context.as_sql:
            context.impl.static_output(f"{statement};")
        else:
            op.get_bind().exec_driver_sql(statement)
