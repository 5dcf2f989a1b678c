"""The numbered files of ``migrations/sql``, as steps: one folder per subject, in it one per kind of database.

Whoever runs them, by whichever driver, keeps the same book.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cqrs.errors.databases import MigrationRefused

DIALECTS = ("sqlite", "postgresql", "mariadb")

BOOK = "cqrs_migrations"
"""The table that says which steps a database has."""

MAKE_BOOK = (
    f"CREATE TABLE IF NOT EXISTS {BOOK} (subject VARCHAR(32) NOT NULL, table_name VARCHAR(64) NOT NULL, "
    "version INTEGER NOT NULL, PRIMARY KEY (subject, table_name, version))"
)

PATIENCE = 60
"""Seconds to wait for another process that migrates; a migration of ours takes less."""

POSTGRESQL_ALONE = "SELECT pg_advisory_xact_lock(7310868735423048)"
"""Waits until nobody else migrates this database, until the end of the transaction."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration of one table, there and back."""

    subject: str
    table: str
    version: int
    name: str
    up: tuple[str, ...]
    down: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.subject}/{self.name}"

    @property
    def note(self) -> str:
        """The statement that writes it into the book."""
        values = f"'{self.subject}', '{self.table}', {self.version}"
        return f"INSERT INTO {BOOK} (subject, table_name, version) VALUES ({values})"  # noqa: S608  # names were checked

    @property
    def forget(self) -> str:
        """The statement that removes it from the book; it does no harm if it is not there."""
        which = f"subject = '{self.subject}' AND table_name = '{self.table}' AND version = {self.version}"
        return f"DELETE FROM {BOOK} WHERE {which}"  # noqa: S608  # as above


def steps_of(dialect: str, tables: dict[str, str]) -> list[Step]:
    """Every step of every subject in ``tables``, from the first on."""
    name = "mariadb" if dialect == "mysql" else dialect
    if name not in DIALECTS:
        raise MigrationRefused(dialect, "there are no migrations for it: use SQLite, PostgreSQL or MariaDB")
    return [
        Step(subject, table, int(file[:4]), file, _statements(up, table), _statements(down, table))
        for subject, table in tables.items()
        for file, up, down in _read(name, subject)
    ]


@cache
def _read(dialect: str, subject: str) -> list[tuple[str, str, str]]:
    folder = files("cqrs") / "migrations" / "sql" / subject / dialect
    if not folder.is_dir():
        return []
    names = sorted(file.name.removesuffix(".up.sql") for file in folder.iterdir() if file.name.endswith(".up.sql"))
    return [(n, (folder / f"{n}.up.sql").read_text(), (folder / f"{n}.down.sql").read_text()) for n in names]


def _statements(text: str, table: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip(";") for part in text.replace("{table}", table).split(";\n") if part.strip())
