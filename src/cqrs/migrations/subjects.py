"""The registry of migration subjects: what has tables and versions of its own. One entry for each.

An entry names the module of its models, which is loaded when somebody looks at them: nothing here knows a topic. Its
steps are the numbered files in ``sql/<name>``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cqrs.errors.databases import MigrationRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Table

_LONGEST = 40  # PostgreSQL cuts the names of indexes, which are longer, at 63


@dataclass(frozen=True, slots=True)
class Subject:
    """Tables that are migrated together.

    ``models`` is a function, as ``module:name``, that returns the tables for the name of the first one, or for
    ``None`` as they are called by default. ``is_renamed``: users may give that name.
    """

    name: str
    models: str
    is_renamed: bool = False

    def tables(self, name: str | None = None) -> Sequence[Table]:
        """The tables, the first of which gives the subject its name in the database."""
        module, _, function = self.models.partition(":")
        make: Any = getattr(import_module(module), function)
        found: Sequence[Table] = make(name)
        return found


SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (
        Subject("outbox", "cqrs.outbox.sqlalchemy.model:migrated_tables", is_renamed=True),
        Subject("inbox", "cqrs.inbox.sqlalchemy.tables:migrated_tables", is_renamed=True),
        Subject("leases", "cqrs.leases.sqlalchemy.tables:migrated_tables"),
        Subject("log", "cqrs.outbox.log.tables:migrated_tables"),
    )
}


def tables_of(
    subjects: Collection[str] | None = None, outbox_table: str | None = None, inbox_table: str | None = None
) -> dict[str, str]:
    """The first table of each subject: the one that was named, or that its repository uses by default."""
    unknown = sorted(set(subjects or ()).difference(SUBJECTS))
    if unknown:
        raise MigrationRefused(unknown[0], f"there is no such subject: choose from {', '.join(SUBJECTS)}")
    given: Mapping[str, str | None] = {"outbox": outbox_table, "inbox": inbox_table}
    tables: dict[str, str] = {}
    for name, subject in SUBJECTS.items():
        tables[name] = table = given.get(name) or subject.tables()[0].name
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", table, re.ASCII) or len(table) > _LONGEST:
            raise MigrationRefused(
                table, f"name it with small letters, digits and underscores only, {_LONGEST} at most"
            )
    return {subject: table for subject, table in tables.items() if not subjects or subject in subjects}
