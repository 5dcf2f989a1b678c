"""The log says what to do where a table is missing."""

from __future__ import annotations

import sqlite3

import pytest

from cqrs.workers.advice import told


class Postgres(Exception):
    sqlstate = "42P01"


class Wrapped(Exception):
    def __init__(self, orig: Exception) -> None:
        super().__init__(str(orig))
        self.orig = orig


@pytest.mark.parametrize("error", [sqlite3.OperationalError("no such table: outbox"), Postgres("no relation")])
def test_a_missing_table_is_told_with_the_command_that_makes_it(error: Exception) -> None:
    for raised in (error, Wrapped(error)):
        assert repr(raised) in told(raised)
        assert "python -m cqrs db upgrade" in told(raised)


def test_other_errors_are_told_as_they_are() -> None:
    for error in (ConnectionError("away"), sqlite3.OperationalError("database is locked"), None):
        assert told(error) == repr(error)
