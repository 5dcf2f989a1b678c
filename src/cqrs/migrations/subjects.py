"""The registry of migration subjects: one entry for each group of tables that has versions of its own.

Everything that works on the tables reads it: the functions of :mod:`cqrs.migrations`, the command line, Alembic, and
the error about a missing table. A new subject is an entry here; its models and SQL files are in its topic. An entry
names these, and they are loaded when they are needed: this module imports no topic, and nothing that is slow to import.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Tables that are migrated together.

    ``tables`` are their default names. If ``is_renamed``, users may give the first table another name, with which the
    names of the others then begin; ``variable`` is an environment variable that can hold it.

    ``models`` is a function, as ``module:function``, that takes the name of the first table, or ``None`` for the
    default, and returns the SQLAlchemy tables. ``steps`` is a folder, as ``package:folder``, with a folder of numbered
    SQL files for each kind of database; a database without one does not have this subject.
    """

    name: str
    tables: tuple[str, ...]
    models: str
    steps: str
    is_renamed: bool = False
    variable: str | None = None

    @property
    def default_table(self) -> str:
        """The name of the first table, unless code or an argument gives another one."""
        return os.environ.get(self.variable or "") or self.tables[0]

    def first_table(self, chosen: str | None = None) -> str:
        """The name of the first table: ``chosen``, or else the one that the models have now."""
        if chosen or not self.is_renamed:
            return chosen or self.tables[0]
        name: str = self.load_models()[0].name
        return name

    def table_names(self, first: str) -> tuple[str, ...]:
        """The names of all tables if the first table is called ``first``."""
        default, *others = self.tables
        return first, *(re.sub(rf"^{default}", first, other) for other in others)

    def load_models(self, first: str | None = None) -> Sequence[Any]:
        """The SQLAlchemy tables of this subject if the first table is called ``first``, or has its default name."""
        module, _, function = self.models.partition(":")
        tables: Sequence[Any] = getattr(import_module(module), function)(first)
        return tables

    def option(self, first: str) -> str:
        """The option of ``python -m cqrs db`` for a first table called ``first``, or nothing for the default."""
        return "" if first == self.tables[0] else f" --{self.name}-table {first}"


SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (
        Subject(
            name="outbox",
            tables=("outbox",),
            models="cqrs.outbox.sqlalchemy.model:migrated_tables",
            steps="cqrs:outbox/sqlalchemy/sql",
            is_renamed=True,
            variable="OUTBOX_SQLA_TABLE",
        ),
        Subject(
            name="inbox",
            tables=("inbox", "inbox_sequences", "inbox_parked"),
            models="cqrs.inbox.sqlalchemy.tables:migrated_tables",
            steps="cqrs:inbox/sqlalchemy/sql",
            is_renamed=True,
        ),
        Subject(
            name="leases",
            tables=("cqrs_leases", "cqrs_lease_members"),
            models="cqrs.leases.sqlalchemy.tables:migrated_tables",
            steps="cqrs:leases/sqlalchemy/sql",
        ),
        Subject(
            name="log",
            tables=("cqrs_log_positions",),
            models="cqrs.outbox.log.tables:migrated_tables",
            steps="cqrs:outbox/log/sql",
        ),
    )
}


def renamed_subjects() -> list[Subject]:
    """The subjects whose tables users may rename."""
    return [subject for subject in SUBJECTS.values() if subject.is_renamed]
