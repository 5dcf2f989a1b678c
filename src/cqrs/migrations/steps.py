"""The numbered SQL files of a subject, read as steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from cqrs.errors.databases import MigrationRefused
from cqrs.migrations.book import Entry
from cqrs.migrations.splitting import statements_of
from cqrs.migrations.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECTS = ("sqlite", "postgresql", "mariadb")
"""The kinds of databases that there are migrations for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration of the tables of one subject, up and down."""

    subject: str
    table: str
    version: int
    name: str
    up: tuple[str, ...]
    down: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.subject}/{self.name}"

    @property
    def entry(self) -> Entry:
        """The row of the book that says that this step was applied."""
        return Entry(self.subject, self.table, self.version)


def steps_of(dialect: str, tables: Mapping[str, str]) -> list[Step]:
    """Every step of every subject in ``tables``, which maps it to the name of its first table, from the first step on.

    Raises ``MigrationRefused`` for another database than those of :data:`DIALECTS`.
    """
    name = "mariadb" if dialect == "mysql" else dialect
    if name not in DIALECTS:
        raise MigrationRefused(dialect, "there are no migrations for it: use SQLite, PostgreSQL or MariaDB")
    return [
        Step(
            subject,
            table,
            int(file[:4]),
            file,
            statements_of(up.replace("{table}", table), name),
            statements_of(down.replace("{table}", table), name),
        )
        for subject, table in tables.items()
        for file, up, down in _read(SUBJECTS[subject].steps, name)
    ]


@cache
def _read(place: str, dialect: str) -> list[tuple[str, str, str]]:
    """The name of each step and the texts of its two files."""
    package, _, folder = place.partition(":")
    there = files(package).joinpath(*folder.split("/"), dialect)
    if not there.is_dir():
        return []
    names = sorted(file.name.removesuffix(".up.sql") for file in there.iterdir() if file.name.endswith(".up.sql"))
    return [(n, (there / f"{n}.up.sql").read_text(), (there / f"{n}.down.sql").read_text()) for n in names]
