"""The names of the tables of subjects: those that were chosen, or the default ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cqrs.errors.databases import MigrationRefused
from cqrs.migrations.subjects import SUBJECTS, renamed_subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_LONGEST = 40  # PostgreSQL cuts the names of indexes, which are longer, at 63


def tables_of(
    subjects: Collection[str] | None = None,
    outbox_table: str | None = None,
    inbox_table: str | None = None,
    tables: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """The first table of each of ``subjects``, or of all: the one that was named, or the default.

    Raises ``MigrationRefused`` for a subject that is unknown or has no other names, and for a name that would need
    quotes or that PostgreSQL would cut.
    """
    named = {"outbox": outbox_table, "inbox": inbox_table, **(tables or {})}
    _must_be_among(list(SUBJECTS), subjects or (), "there is no such subject")
    _must_be_among([subject.name for subject in renamed_subjects()], named, "its tables cannot have another name")
    chosen = [subject for subject in SUBJECTS.values() if not subjects or subject.name in subjects]
    first = {subject.name: subject.first_table(named.get(subject.name)) for subject in chosen}
    for table in first.values():
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", table, re.ASCII) or len(table) > _LONGEST:
            raise MigrationRefused(
                table, f"name it with small letters, digits and underscores only, {_LONGEST} at most"
            )
    return first


def _must_be_among(known: Collection[str], names: Collection[str], problem: str) -> None:
    unknown = sorted(set(names).difference(known))
    if unknown:
        raise MigrationRefused(unknown[0], f"{problem}: choose from {', '.join(known)}")
