"""The numbered files of ``migrations``, as steps: one folder per kind of database, and in it one per subject."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from cqrs._sqlalchemy.outbox_model import outbox_model
from cqrs.errors import MigrationRefused

if TYPE_CHECKING:
    from collections.abc import Collection

SUBJECTS = ("outbox", "inbox", "leases")
"""What has tables and numbers of its own."""

DIALECTS = ("sqlite", "postgresql", "mariadb")

BOOK = "cqrs_migrations"
"""The table that says which steps a database has."""

MAKE_BOOK = (
    f"CREATE TABLE IF NOT EXISTS {BOOK} (subject VARCHAR(32) NOT NULL, table_name VARCHAR(64) NOT NULL, "
    "version INTEGER NOT NULL, PRIMARY KEY (subject, table_name, version))"
)

_LONGEST = 40  # PostgreSQL cuts the names of indexes, which are longer, at 63


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
    }
    for table in tables.values():
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", table, re.ASCII) or len(table) > _LONGEST:
            raise MigrationRefused(
                table, f"name it with small letters, digits and underscores only, {_LONGEST} at most"
            )
    return {subject: table for subject, table in tables.items() if not subjects or subject in subjects}


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
    folder = files("cqrs._sqlalchemy") / "migrations" / dialect / subject
    if not folder.is_dir():
        return []
    names = sorted(file.name.removesuffix(".up.sql") for file in folder.iterdir() if file.name.endswith(".up.sql"))
    return [(n, (folder / f"{n}.up.sql").read_text(), (folder / f"{n}.down.sql").read_text()) for n in names]


def _statements(text: str, table: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip(";") for part in text.replace("{table}", table).split(";\n") if part.strip())
