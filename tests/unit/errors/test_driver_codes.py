from __future__ import annotations

import sqlite3
import struct
from typing import Any

import pytest
from asyncmy.errors import OperationalError, raise_mysql_exception
from asyncpg import DeadlockDetectedError, InvalidTransactionStateError, QueryCanceledError, UndefinedTableError
from asyncpg.exceptions import AdminShutdownError, UniqueViolationError
from sqlalchemy import create_engine, exc, text

from cqrs.errors.driver_codes import Meaning, meaning_of


class OfDriver(Exception):
    def __init__(self, **fields: Any) -> None:
        super().__init__("raised by a driver")
        vars(self).update(fields)


def answered(number: int, state: str) -> Exception:
    """What the driver raises for this answer of a MariaDB server."""
    try:
        raise_mysql_exception(b"\xff" + struct.pack("<h", number) + f"#{state}text".encode())
    except Exception as error:  # noqa: BLE001  # of one class or another
        return error
    pytest.fail("the answer was no error")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (DeadlockDetectedError("x"), Meaning.OUTAGE | Meaning.LOST),
        (QueryCanceledError("x"), Meaning.OUTAGE | Meaning.TOO_LONG),
        (AdminShutdownError("x"), Meaning.OUTAGE),
        (UndefinedTableError("x"), Meaning.NO_TABLE),
        (UniqueViolationError("x"), Meaning.NOTHING),
        (InvalidTransactionStateError("x"), Meaning.NOTHING),
        (OfDriver(pgcode="25P02"), Meaning.DOOMED),
        (OfDriver(sqlstate=None, pgcode="25006"), Meaning.OUTAGE | Meaning.READ_ONLY),
        (OperationalError(1213, "deadlock"), Meaning.OUTAGE | Meaning.LOST | Meaning.UNDONE),
        (OperationalError(1205, "lock wait"), Meaning.OUTAGE | Meaning.UNDONE_IF_CONFIGURED),
        (answered(1020, "HY000"), Meaning.OUTAGE | Meaning.LOST | Meaning.UNDONE),
        (answered(1792, "25006"), Meaning.OUTAGE | Meaning.READ_ONLY),
        (answered(1159, "08S01"), Meaning.OUTAGE),
        (answered(1062, "23000"), Meaning.NOTHING),
        (OperationalError("without a number"), Meaning.NOTHING),
        (OperationalError(), Meaning.NOTHING),
        (OfDriver(sqlite_errorcode=sqlite3.SQLITE_BUSY | 2 << 8), Meaning.OUTAGE | Meaning.LOCKED),
        (OfDriver(sqlite_errorcode=sqlite3.SQLITE_CONSTRAINT), Meaning.UNDONE),
        (ValueError(1213), Meaning.NOTHING),
        (ConnectionResetError(), Meaning.NOTHING),
    ],
    ids=repr,
)
def test_a_code_means_the_same_with_each_driver_and_under_sqlalchemy(error: Exception, meaning: Meaning) -> None:
    assert meaning_of(error) == meaning
    assert meaning_of(exc.OperationalError("select 1", {}, error)) == meaning


@pytest.mark.parametrize(
    ("statement", "meaning"),
    [
        ("select * from absent", Meaning.NO_TABLE),
        ("select absent from orders", Meaning.NO_COLUMN),
        ("insert into orders (absent) values (1)", Meaning.NO_COLUMN),
        ("select", Meaning.NOTHING),
    ],
)
def test_sqlite_is_understood_by_its_texts(statement: str, meaning: Meaning) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("create table orders (id int)"))
        with pytest.raises(exc.OperationalError) as failed:
            connection.execute(text(statement))
    engine.dispose()
    assert meaning_of(failed.value) == meaning
