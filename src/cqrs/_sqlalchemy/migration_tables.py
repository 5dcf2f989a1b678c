"""Which table each subject of the migrations is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cqrs._migration_steps import LOG_TABLE, SUBJECTS
from cqrs._sqlalchemy.outbox_model import outbox_model
from cqrs.errors.databases import MigrationRefused

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST = 40  # PostgreSQL cuts the names of indexes, which are longer, at 63


def tables_of(
    subjects: Collection[str] | None = None, outbox_table: str | None = None, inbox_table: str | None = None
) -> dict[str, str]:
    """The table of each subject: the one that was named, or that its repository uses by default."""
    unknown = sorted(set(subjects or ()).difference(SUBJECTS))
    if unknown:
        raise MigrationRefused(unknown[0], f"there is no such subject: choose from {', '.join(SUBJECTS)}")
    tables = {
        "outbox": outbox_table or str(outbox_model().__tablename__),
        "inbox": inbox_table or "inbox",
        "leases": "cqrs_leases",
        "log": LOG_TABLE,
    }
    for table in tables.values():
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", table, re.ASCII) or len(table) > _LONGEST:
            raise MigrationRefused(
                table, f"name it with small letters, digits and underscores only, {_LONGEST} at most"
            )
    return {subject: table for subject, table in tables.items() if not subjects or subject in subjects}
