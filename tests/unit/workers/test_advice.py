"""Errors in the log: what to do about them, and nothing of the content of a message."""

from __future__ import annotations

import sqlite3

from cqrs._logging.texts import describe_error
from cqrs.errors import MigrationNeeded


def test_a_missing_table_is_reported_with_the_command_that_creates_it() -> None:
    error = MigrationNeeded("outbox", "sqlite:///shop.db", "python -m cqrs db upgrade sqlite:///shop.db")
    assert describe_error(error) == str(error).removesuffix(".")


def test_other_errors_are_passed_on_unchanged() -> None:
    for error in (ConnectionError("away"), sqlite3.OperationalError("database is locked"), None):
        assert describe_error(error) == repr(error)
