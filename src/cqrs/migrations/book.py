"""The book: the table of a database in which each step that was applied is noted, and the lock that guards it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

BOOK = "cqrs_migrations"

MAKE_BOOK = (
    f"CREATE TABLE IF NOT EXISTS {BOOK} (subject VARCHAR(32) NOT NULL, table_name VARCHAR(64) NOT NULL, "
    "version INTEGER NOT NULL, PRIMARY KEY (subject, table_name, version))"
)

READ_BOOK = f"SELECT subject, table_name, version FROM {BOOK}"  # noqa: S608  # the name of a constant
"""Each row is an :class:`Entry`."""

PATIENCE = 60
"""Seconds to wait for another process that migrates; a migration takes less."""


class Entry(NamedTuple):
    """One row of the book: the first table of this subject has this version."""

    subject: str
    table: str
    version: int

    @property
    def insert(self) -> str:
        """The statement that writes it into the book."""
        values = f"'{self.subject}', '{self.table}', {self.version}"
        return f"INSERT INTO {BOOK} (subject, table_name, version) VALUES ({values})"  # noqa: S608  # names were checked

    @property
    def delete(self) -> str:
        """The statement that removes it from the book; without effect if it is not there."""
        which = f"subject = '{self.subject}' AND table_name = '{self.table}' AND version = {self.version}"
        return f"DELETE FROM {BOOK} WHERE {which}"  # noqa: S608  # as above


Book: TypeAlias = "AbstractSet[tuple[str, str, int]]"
"""What :data:`READ_BOOK` returns, as a set of entries."""


def begin_on_postgresql(patience: int = PATIENCE) -> tuple[str, ...]:
    """The statements that begin a transaction of PostgreSQL in which no other process migrates this database.

    The last one waits for the others, and fails after ``patience`` seconds.
    """
    return "BEGIN", f"SET LOCAL lock_timeout = '{patience}s'", "SELECT pg_advisory_xact_lock(7310868735423048)"
