"""Transactions and messages that are larger, or other, than anybody would think."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from cqrs.envelope import Envelope
from cqrs.errors import MessageRejected
from cqrs.outbox.log.content import PREFIX, pack
from cqrs.outbox.rows import NewRow
from cqrs.workers.relay import log_relay
from tests.helpers.events import numbered
from tests.helpers.waiting import LATE, until

if TYPE_CHECKING:
    from cqrs.outbox.log.protocol import LoggedMessage
    from tests.integration.postgresql_log.stand import LogOutbox

pytestmark = pytest.mark.server


async def test_a_large_transaction_of_other_tables_is_waited_for(
    stand: LogOutbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log_relay, "_PATIENCE", 0.02)
    await stand.database.run("create table others (number int)")
    await stand.database.run("insert into others select generate_series(1, 500000)")
    await stand.add(1)
    with caplog.at_level(logging.WARNING, "cqrs"):
        async with stand.relay():
            await stand.arrived(1)
    assert caplog.records == []  # it has never taken the server for dead


async def test_a_commit_of_very_much_is_one_transaction_in_the_order_of_adding(stand: LogOutbox) -> None:
    sizes: list[int] = []

    @event.listens_for(stand.database.engine.sync_engine, "before_cursor_execute")
    def _emitted(*said: Any) -> None:
        statement, parameters = said[2:4]
        if "pg_logical_emit_message" in statement:
            sizes.append(sum(map(len, parameters[1])))

    async with stand.outbox as session:
        for number in range(7):
            stand.outbox.add(session, numbered("x" * 6_000_000 + str(number)))
        await stand.outbox.commit(session)
    assert len(sizes) == 4
    assert max(sizes) < 16_000_000
    log = stand.log()
    await log.open()
    messages: list[LoggedMessage] = []
    async with asyncio.timeout(LATE):
        while len(messages) < 7:
            messages += (await log.read(2, 1.0)).messages
    log.close()
    assert [message.content[-3:-2].decode() for message in messages] == [str(number) for number in range(7)]
    assert {message.position.transaction for message in messages} == {messages[0].position.transaction}
    assert [message.position.message for message in messages] == list(range(1, 8))


class Fast:
    """Reads as if the server always had the next record of the transaction ready."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._ended = False

    def read_message(self) -> Any:
        message = self._cursor.read_message()
        while message is None and not self._ended:
            time.sleep(0.001)
            message = self._cursor.read_message()
        self._ended = self._ended or bytes(message.payload[:1]) == b"C"
        return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


async def test_a_relay_does_not_read_more_than_it_can_hold(stand: LogOutbox) -> None:
    async with stand.outbox as session:
        for _ in range(10):
            stand.outbox.add(session, numbered("x" * 6_000_000))
        await stand.outbox.commit(session)
    log: Any = stand.log()
    await log.open()
    log._stream._cursor = Fast(log._stream._cursor)
    some: list[int] = []
    while sum(some) < 10:
        some.append(len((await log.read(1_000, 1.0)).messages))
    log.close()
    assert max(some) <= 3


GOOD = Envelope(message_id=uuid.uuid4(), name="numbered", topic="numbers", body=b'{"payload": 2}', key="a")
WORSE = {
    "a topic too long": {"topic": "t" * 256},
    "a key too long": {"key": "k" * 256},
    "a name too long": {"name": "n" * 256},
    "a content type too long": {"content_type": "c" * 101},
    "a topic with NUL": {"topic": "a\0b"},
    "a key with NUL": {"key": "a\0b"},
    "a key that is no text": {"key": "\udcff"},
    "a version that no column holds": {"version": 2**31},
    "a version below all others": {"version": -(2**31) - 1},
}


async def emit(stand: LogOutbox, content: bytes) -> None:
    statement = text("select pg_logical_emit_message(true, :prefix, cast(:content as bytea))")
    async with stand.database.engine.begin() as connection:
        await connection.execute(statement, {"prefix": PREFIX, "content": content})


@pytest.mark.parametrize("what", WORSE)
async def test_a_message_that_fits_no_column_is_parked_for_an_operator_and_delays_no_other(
    stand: LogOutbox, what: str
) -> None:
    stand.broker.poison = {2}
    content = pack(NewRow(envelope=dataclasses.replace(GOOD, **WORSE[what]), compression=None))
    await emit(stand, content)
    await stand.add(3, key="b")
    async with stand.relay():
        await stand.arrived(3)
    (parked,) = await stand.outbox.parked.list()
    assert parked.envelope.body == content
    assert next(iter(WORSE[what])) in parked.error


async def test_behind_what_no_table_holds_its_key_is_held_up(stand: LogOutbox) -> None:
    stand.broker.poison = {2}
    await emit(stand, pack(NewRow(envelope=dataclasses.replace(GOOD, topic="t" * 256), compression=None)))
    await stand.add(3, key="a")
    await stand.add(4, key="b")
    async with stand.relay():
        await stand.arrived(4)
    assert await stand.database.run("select message_key, pending from outbox order by id") == [("a", 0), ("a", 1)]


HEAD = {"topic": "numbers", "headers": GOOD.to_headers()}
NO_MESSAGES = {
    "a compression that is no text": json.dumps({**HEAD, "compression": 5}),
    "a compression that is too long": json.dumps({**HEAD, "compression": "c" * 33}),
    "a key that is no text": json.dumps({**HEAD, "headers": {**GOOD.to_headers(), "message-key": 5}}),
    "a name that is no text": json.dumps({**HEAD, "headers": {**GOOD.to_headers(), "message-name": None}}),
    "a header that is no text": json.dumps({**HEAD, "headers": {**GOOD.to_headers(), "other": {"a": 1}}}),
    "no object": "[]",
    "very many brackets": "[" * 200_000,
}


@pytest.mark.parametrize("what", NO_MESSAGES)
async def test_foreign_content_under_the_prefix_delays_no_message(stand: LogOutbox, what: str) -> None:
    head = NO_MESSAGES[what].encode()
    content = len(head).to_bytes(4, "big") + head + b'{"payload": 2}'
    await emit(stand, content)
    await stand.add(3)
    async with stand.relay():
        await stand.arrived(3)
    (parked,) = await stand.outbox.parked.list()
    assert parked.envelope.body == content


class Unspeakable(MessageRejected):
    def __str__(self) -> str:
        raise RuntimeError("no words")


ERRORS = {
    "NUL": MessageRejected("test", "1", "a\0b"),
    "half a pair": ValueError("\udcff"),
    "no text": Unspeakable("", "1", ""),
}


@pytest.mark.parametrize("what", ERRORS)
async def test_an_error_that_cannot_be_stored_delays_no_message(stand: LogOutbox, what: str) -> None:
    error, send = ERRORS[what], stand.broker.send_message

    async def reject(message: Any) -> None:
        if message.to_envelope().json()["payload"] == 1:
            raise error
        await send(message)

    stand.broker.send_message = reject  # type: ignore[method-assign]
    await stand.add(1, 2)
    async with stand.relay():
        await until(lambda: stand.broker.numbers == [2])
    (parked,) = await stand.outbox.parked.list()
    assert type(error).__name__ in parked.error
