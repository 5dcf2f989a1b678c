from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy import create_engine, exc, text

from cqrs.errors import BrokerUnavailable, CircuitOpenError, InboxConflict, UnknownEvent
from cqrs.workers.consumer.policy import ConsumerPolicy, ConsumerVerdict, verdict
from cqrs.workers.outage_errors import is_outage


class OfDriver(Exception):
    def __init__(self, **fields: Any) -> None:
        super().__init__("said by a database")
        vars(self).update(fields)


def wrapped(error: Exception, *, lost: bool = False) -> exc.DBAPIError:
    return exc.OperationalError("select 1", {}, error, connection_invalidated=lost)


def caused_by(error: Exception) -> Exception:
    outer = RuntimeError("the order could not be booked")
    outer.__cause__ = error
    return outer


LOST = ConnectionResetError()


@pytest.mark.parametrize(
    "error",
    [
        BrokerUnavailable("b", "away"),
        CircuitOpenError("c"),
        InboxConflict("c"),
        ConnectionRefusedError(),
        TimeoutError(),
        OSError(113, "no route to host"),
        exc.TimeoutError("the pool is empty"),
        wrapped(OfDriver(sqlstate="40001")),
        wrapped(OfDriver(sqlstate="57P01")),
        wrapped(OfDriver(sqlstate="08006")),
        wrapped(OfDriver(), lost=True),
        wrapped(OfDriver(sqlite_errorcode=sqlite3.SQLITE_BUSY)),
        caused_by(ConnectionResetError()),
        caused_by(wrapped(OfDriver(sqlstate="40P01"))),
        ExceptionGroup("both", [ConnectionResetError(), caused_by(TimeoutError())]),
        ExceptionGroup("both", [caused_by(LOST), caused_by(LOST)]),
        BaseExceptionGroup("one", [ConnectionResetError(), asyncio.CancelledError()]),
    ],
    ids=repr,
)
def test_errors_independent_of_the_message_are_outages(error: Exception) -> None:
    assert is_outage(error)
    assert verdict(error) is ConsumerVerdict.OUTAGE


def test_a_group_of_cancellations_alone_is_no_outage() -> None:
    assert not is_outage(BaseExceptionGroup("none", [asyncio.CancelledError()]))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("bad"),
        FileNotFoundError("template.html"),
        PermissionError("no"),
        wrapped(OfDriver(sqlstate="23505")),
        wrapped(OfDriver(sqlite_errorcode=sqlite3.SQLITE_CONSTRAINT_UNIQUE)),
        caused_by(ValueError("bad")),
        ExceptionGroup("both", [ConnectionResetError(), ValueError("bad")]),
    ],
    ids=repr,
)
def test_errors_that_the_message_may_have_caused_are_failures(error: Exception) -> None:
    assert verdict(error) is ConsumerVerdict.FAILURE


def test_a_mistake_in_sql_is_no_outage_although_sqlite_calls_it_operational() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(exc.OperationalError) as raised:
        connection.execute(text("select * from nowhere"))
    engine.dispose()
    assert not is_outage(raised.value)


def test_errors_before_any_handler_are_poison() -> None:
    assert verdict(UnknownEvent("odd", 1)) is ConsumerVerdict.POISON


def test_causes_may_go_round_in_circles() -> None:
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert not is_outage(one)
    first, second = OfDriver(), OfDriver()
    first.orig, second.orig = second, first
    assert not is_outage(first)
    first.__cause__ = ExceptionGroup("round", [second])
    assert not is_outage(first)


def test_retries_end_with_an_operator() -> None:
    policy = ConsumerPolicy(parked_retries=2)
    waits = [policy.retry_in(attempts) for attempts in (1, 2, 3)]
    assert waits[2] is None
    first, second = waits[:2]
    assert first is not None
    assert second is not None
    assert 0 < first <= 5 < second <= 10


async def test_a_deadline_is_an_outage() -> None:
    with pytest.raises(TimeoutError) as raised:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)
    assert is_outage(raised.value)
