"""Test suites for logs of messages, and for the table that takes over messages which the log cannot hold back.

Subclass the suites and override their fixture ``backend``:

    class TestMine(OutboxLogConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`LogBackend`; for ``DiversionConformance``, :class:`DiversionBackend`.
"""
# ruff: noqa: S101, D102 - assert is how a suite checks, names state the behaviour
# ruff: noqa: PLR2004 - the numbers explain themselves next to what is counted; no log has events

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import pytest

from cqrs.envelope import Envelope
from cqrs.errors.databases import LogBusy, LogSlotLost
from cqrs.outbox.log.protocol import Diverted, LogPosition
from cqrs.outbox.rows import NewRow
from cqrs.testing.conformance._errors import Deliberate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from cqrs.outbox.log.protocol import Diversion, LoggedMessage, OutboxLog

LATE = 60.0
"""Seconds after which a test that still waits fails."""

SHORT = 0.05
START = LogPosition(0, 0)


class LogBackend(Protocol):
    """One log, which keeps all messages from the start of the test on until they are confirmed."""

    def log(self) -> OutboxLog:
        """Make a reader of the log, as another process would: each call returns a new one for the same log."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Callable[[bytes], Awaitable[None]]]:
        """Open a transaction and return the function that writes a message in it; an error rolls it back."""
        ...

    async def lose(self) -> None:
        """Make the database forget how far the log was read. No reader has the log open at that time."""
        ...


class DiversionBackend(Protocol):
    """One table, which is empty at the start of a test."""

    def diversion(self) -> Diversion:
        """Make a ``Diversion`` for the table, as another process would."""
        ...

    async def rows(self) -> list[tuple[uuid.UUID, bool]]:
        """The id of each message in the table and whether it is parked, in the order of the messages."""
        ...

    async def sent(self, message_id: uuid.UUID) -> None:
        """Mark the message with this id as sent."""
        ...


async def commit(backend: LogBackend, *contents: bytes) -> None:
    """Write messages in one transaction."""
    async with backend.transaction() as write:
        for content in contents:
            await write(content)


async def opened(log: OutboxLog) -> OutboxLog:
    """Open ``log``; retries, because the previous reader may take a moment to disconnect."""
    async with asyncio.timeout(LATE):
        while True:
            with suppress(LogBusy):
                await log.open()
                return log
            await asyncio.sleep(0.01)


async def read(log: OutboxLog, count: int, limit: int = 100, *, confirming: bool = False) -> list[LoggedMessage]:
    """Read until at least ``count`` messages have arrived. With ``confirming``, confirm each end that is read."""
    found: list[LoggedMessage] = []
    async with asyncio.timeout(LATE):
        while len(found) < count:
            batch = await log.read(limit, 1.0)
            found += batch.messages
            if confirming and batch.end is not None:
                log.confirm(batch.end)
    return found


async def confirm(log: OutboxLog) -> None:
    """Confirm all that was read; waits, because the end of a transaction may arrive later than its messages."""
    async with asyncio.timeout(LATE):
        while (end := (await log.read(1, SHORT)).end) is None:
            pass
    log.confirm(end)


def texts(messages: list[LoggedMessage]) -> list[bytes]:
    """The contents of ``messages``."""
    return [message.content for message in messages]


@pytest.mark.asyncio
class OutboxLogConformance:
    """Tests for an ``OutboxLog``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: committed messages are read in the order of their commits, and only those; a
    message is read again until it is confirmed, and not after that; only one reader can have the log open; a log
    that has lost its position raises ``LogSlotLost``.
    """

    @pytest.fixture
    def backend(self) -> LogBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    async def test_messages_are_read_in_commit_order_and_within_a_transaction_in_write_order(
        self, backend: LogBackend
    ) -> None:
        log = await opened(backend.log())
        async with backend.transaction() as write:
            await write(b"late 1")
            await commit(backend, b"early 1", b"early 2")
            await write(b"late 2")
        found = await read(log, 4)
        assert texts(found) == [b"early 1", b"early 2", b"late 1", b"late 2"]
        positions = [message.position for message in found]
        assert positions[0] > START
        assert positions == sorted(set(positions))
        assert [position.message for position in positions] == [1, 2, 1, 2]
        log.close()

    async def test_a_rolled_back_message_is_never_read(self, backend: LogBackend) -> None:
        log = await opened(backend.log())
        with pytest.raises(Deliberate):
            await self._write_and_roll_back(backend)
        await commit(backend, b"done")
        assert texts(await read(log, 1)) == [b"done"]
        log.close()

    async def _write_and_roll_back(self, backend: LogBackend) -> None:
        async with backend.transaction() as write:
            await write(b"undone")
            raise Deliberate

    async def test_an_uncommitted_message_is_not_read(self, backend: LogBackend) -> None:
        log = await opened(backend.log())
        async with backend.transaction() as write:
            await write(b"later")
            assert texts(list((await log.read(10, SHORT)).messages)) == []
        assert texts(await read(log, 1)) == [b"later"]
        log.close()

    async def test_any_bytes_are_read_as_they_were_written(self, backend: LogBackend) -> None:
        log = await opened(backend.log())
        contents = [b"", b"\0", bytes(range(256)), b"x" * 1_000_000, "ключ".encode()]
        await commit(backend, *contents)
        assert texts(await read(log, len(contents))) == contents
        log.close()

    async def test_a_read_returns_without_messages_after_its_patience(self, backend: LogBackend) -> None:
        log = await opened(backend.log())
        async with asyncio.timeout(LATE):
            assert list((await log.read(10, SHORT)).messages) == []
        log.close()

    async def test_a_read_returns_a_bounded_number_of_messages(self, backend: LogBackend) -> None:
        contents = [str(number).encode() for number in range(100)]
        await commit(backend, *contents[:60])
        await commit(backend, *contents[60:])
        log, found = await opened(backend.log()), list[bytes]()
        async with asyncio.timeout(LATE):
            while len(found) < 100:
                batch = await log.read(7, 1.0)
                assert len(batch.messages) <= 14
                found += texts(list(batch.messages))
        assert found == contents
        log.close()

    # confirming

    async def test_an_unconfirmed_message_is_read_again_at_the_same_position(self, backend: LogBackend) -> None:
        await commit(backend, b"1", b"2")
        await commit(backend, b"3")
        log = await opened(backend.log())
        before = await read(log, 3)
        log.close()
        log = await opened(backend.log())
        assert await read(log, 3) == before
        log.close()

    async def test_a_confirmed_message_is_never_read_again(self, backend: LogBackend) -> None:
        await commit(backend, b"1")
        log = await opened(backend.log())
        (first,) = await read(log, 1)
        await confirm(log)
        await commit(backend, b"2")
        log.close()
        log = await opened(backend.log())
        (second,) = await read(log, 1)
        assert second.content == b"2"
        assert second.position > first.position
        log.close()

    async def test_a_partly_read_transaction_cannot_be_confirmed(self, backend: LogBackend) -> None:
        contents = [str(number).encode() for number in range(50)]
        await commit(backend, b"before")
        await commit(backend, *contents)
        log = await opened(backend.log())
        assert len(await read(log, 20, limit=5, confirming=True)) < 51
        log.close()
        log = await opened(backend.log())
        assert texts(await read(log, 50))[-50:] == contents
        log.close()

    async def test_cancelling_a_read_loses_nothing(self, backend: LogBackend) -> None:
        log = await opened(backend.log())
        found: list[LoggedMessage] = []
        for number in range(20):
            reading = asyncio.create_task(log.read(10, LATE))
            for _ in range(number % 4):
                await asyncio.sleep(0)
            if number % 2:
                await commit(backend, str(number).encode())
            reading.cancel()
            with suppress(asyncio.CancelledError):
                found += (await reading).messages
        found += await read(log, 10 - len(found))
        assert texts(found) == [str(number).encode() for number in range(1, 20, 2)]
        log.close()

    # one reader

    async def test_a_second_reader_is_refused(self, backend: LogBackend) -> None:
        log, other = backend.log(), backend.log()
        await log.open()
        with pytest.raises(LogBusy) as caught:
            await other.open()
        assert log.name in str(caught.value)
        other.close()
        await commit(backend, b"1")
        assert texts(await read(log, 1)) == [b"1"]
        log.close()
        assert texts(await read(await opened(other), 1)) == [b"1"]
        other.close()

    async def test_a_log_can_be_closed_at_any_time_and_reopens_at_the_confirmed_position(
        self, backend: LogBackend
    ) -> None:
        log = backend.log()
        log.close()
        await commit(backend, b"1")
        assert texts(await read(await opened(log), 1)) == [b"1"]
        assert texts(await read(await opened(log), 1)) == [b"1"]
        log.close()
        log.close()

    async def test_a_lost_slot_is_reported_and_not_created_anew(self, backend: LogBackend) -> None:
        await commit(backend, b"1")
        await backend.lose()
        for _ in range(2):
            with pytest.raises(LogSlotLost):
                await backend.log().open()
            with pytest.raises(LogSlotLost):
                await backend.log().lag()

    async def test_the_lag_grows_with_what_is_written_and_shrinks_with_what_is_confirmed(
        self, backend: LogBackend
    ) -> None:
        before = await backend.log().lag()
        await commit(backend, b"x" * 500_000)
        grown = await backend.log().lag()
        assert grown >= before + 500_000
        log = await opened(backend.log())
        await read(log, 1, confirming=True)
        async with asyncio.timeout(LATE):
            while await log.lag() >= grown - 400_000:
                end = (await log.read(1, SHORT)).end
                if end is not None:
                    log.confirm(end)
        log.close()


def diverted(key: str | None = None, error: str | None = None) -> Diverted:
    """Make a new message for the table; with ``error``, it is parked."""
    envelope = Envelope(message_id=uuid.uuid4(), name="named", topic="topic", body=b"{}", key=key)
    return Diverted(NewRow(envelope=envelope, compression=None), error)


def ids(*messages: Diverted) -> list[tuple[uuid.UUID, bool]]:
    """What ``DiversionBackend.rows`` should return for ``messages``."""
    return [(message.row.envelope.message_id, message.error is not None) for message in messages]


@pytest.mark.asyncio
class DiversionConformance:
    """Tests for a ``Diversion``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: messages and the position up to which the log is settled are stored together;
    a repeated diversion, or one by a reader whose position is outdated, stores nothing; a key is blocked while the
    table has unsent messages of it.
    """

    @pytest.fixture
    def backend(self) -> DiversionBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    async def test_messages_are_diverted_in_order_and_with_their_position(self, backend: DiversionBackend) -> None:
        messages = [diverted("a", "bad"), *(diverted("a") for _ in range(5)), diverted(None, "worse")]
        assert await backend.diversion().settled("log") == START
        assert await backend.diversion().divert("log", START, LogPosition(5, 7), messages)
        assert await backend.rows() == ids(*messages)
        assert await backend.diversion().settled("log") == LogPosition(5, 7)
        assert await backend.diversion().settled("other") == START

    async def test_a_repeated_diversion_changes_nothing(self, backend: DiversionBackend) -> None:
        message = diverted("a", "bad")
        for _ in range(2):
            assert await backend.diversion().divert("log", START, LogPosition(5, 1), [message])
        assert await backend.rows() == ids(message)

    async def test_a_reader_that_was_overtaken_diverts_nothing(self, backend: DiversionBackend) -> None:
        first, late, following = (diverted("a") for _ in range(3))
        assert await backend.diversion().divert("log", START, LogPosition(5, 1), [first])
        assert not await backend.diversion().divert("log", START, LogPosition(5, 2), [late])
        assert await backend.diversion().divert("log", LogPosition(5, 1), LogPosition(6, 1), [following])
        assert not await backend.diversion().divert("log", LogPosition(5, 1), LogPosition(7, 1), [late])
        assert await backend.rows() == ids(first, following)
        assert await backend.diversion().settled("log") == LogPosition(6, 1)

    async def test_one_of_several_concurrent_diversions_succeeds(self, backend: DiversionBackend) -> None:
        messages = [diverted("a") for _ in range(6)]
        assert await backend.diversion().divert("log", START, LogPosition(1, 1), [])
        done = await asyncio.gather(
            *(
                backend.diversion().divert("log", LogPosition(1, 1), LogPosition(2, number), [message])
                for number, message in enumerate(messages, 1)
            )
        )
        assert sum(done) == 1
        assert await backend.rows() == ids(messages[done.index(True)])

    async def test_a_key_is_blocked_as_long_as_the_table_has_unsent_messages_of_it(
        self, backend: DiversionBackend
    ) -> None:
        parked, waiting, other, keyless = diverted("a", "bad"), diverted("b"), diverted("c"), diverted(None, "bad")
        diversion = backend.diversion()
        assert await diversion.blocked() == set()
        await diversion.divert("log", START, LogPosition(1, 1), [parked, waiting, other, keyless])
        assert await diversion.blocked() == {"a", "b", "c"}
        assert await diversion.blocked(["a", "b", "z"]) == {"a", "b"}
        await backend.sent(other.row.envelope.message_id)
        await backend.sent(waiting.row.envelope.message_id)
        assert await diversion.blocked() == {"a"}
        assert await diversion.blocked([]) == set()
