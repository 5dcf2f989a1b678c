"""For users of Alembic: a branch ``cqrs`` of numbered revisions, and hooks that keep autogenerate off the tables.

Add ``cqrs.integrations:alembic_versions`` to the ``version_locations`` of your ``alembic.ini``. The revisions run the
statements of :mod:`cqrs.migrations` and share its book-keeping: what one of the two has applied, the other does not
run again. In ``alembic.ini``, ``cqrs_outbox_table`` and ``cqrs_inbox_table`` name the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic import op

from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.types import BinaryUUID, UtcDateTime
from cqrs.migrations.book import BOOK, MAKE_BOOK, READ_BOOK
from cqrs.migrations.engine import PLAIN
from cqrs.migrations.naming import tables_of
from cqrs.migrations.plan import downward, upward
from cqrs.migrations.steps import steps_of
from cqrs.migrations.subjects import SUBJECTS, renamed_subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext

    from cqrs.migrations.book import Book
    from cqrs.migrations.plan import Work
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
    tables: Mapping[str, str | None] | None = None,
) -> bool:
    """For ``include_object`` of ``context.configure``: autogenerate does not drop the tables of this package.

    Those that are in your metadata are compared like all others. If you have renamed tables, bind their names, which
    are those of :func:`cqrs.migrations.upgrade`, with ``functools.partial``.
    """
    del obj
    if type_ != "table" or not reflected or compare_to is not None:
        return True
    first_tables = tables_of(None, outbox_table, inbox_table, tables)
    return name != BOOK and not any(name in SUBJECTS[each].table_names(first) for each, first in first_tables.items())


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
    """For ``compare_type`` of ``context.configure``: autogenerate leaves ids alone, which SQLite shows as numbers.

    All other types are compared as usual.
    """
    del inspected_column, column, inspected
    return None if capabilities_of(context.dialect).declares_types or not isinstance(kind, BinaryUUID) else False


def ways_of(subject: str, version: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """The functions ``upgrade`` and ``downgrade`` of the revision for one step of ``subject``.

    They do nothing on a database that does not have the subject. ``upgrade`` does nothing either if the book says that
    the step was applied.
    """

    def upgrade() -> None:
        if steps := _steps(subject, version):
            _execute(MAKE_BOOK)
            _run(upward(steps, _book()))

    def downgrade() -> None:
        if steps := _steps(subject, version):
            _execute(MAKE_BOOK)
            _run(downward(steps, None))

    return upgrade, downgrade


def _steps(subject: str, version: int) -> list[Step]:
    """The step in a list, or none if the database does not have the subject."""
    context = op.get_context()
    config: Any = context.config
    tables = {each.name: config and config.get_main_option(f"cqrs_{each.name}_table") for each in renamed_subjects()}
    steps = steps_of(context.dialect.name, tables_of([subject], tables=tables))
    return [step for step in steps if step.version == version]


def _book() -> Book | None:
    """The book, or ``None`` if the statements are only printed."""
    if op.get_context().as_sql:
        return None
    return {(subject, table, version) for subject, table, version in op.get_bind().exec_driver_sql(READ_BOOK)}


def _run(plan: list[Work]) -> None:
    for _, statements in plan:
        for statement in statements:
            _execute(statement)


def _execute(statement: str) -> None:
    context = op.get_context()
    if context.as_sql:
        context.impl.static_output(f"{statement};")
    else:
        op.get_bind().exec_driver_sql(statement, execution_options=PLAIN)
