"""Test suite for inboxes.

Subclass the suite and override its fixture:

    class TestMine(InboxConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`InboxBackend`.
"""
# ruff: noqa: S101, D102, PT012 - assert is how a suite checks, names state the behaviour, a transaction is what fails
# ruff: noqa: PLR2004 - the numbers explain themselves next to what is counted

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from cqrs.envelope import Envelope
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.testing.conformance._errors import Deliberate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.inbox.parked import TakenSequence
    from cqrs.inbox.repository import InboxRepository
    from cqrs.unit_of_work.protocol import UnitOfWork

ME = "me"
DIFFERENT = ("billing", "billing ", "Billing", "billíng", "billi\N{COMBINING ACUTE ACCENT}ng")


class InboxBackend(Protocol):
    """Makes repositories that all use the same inbox, which is empty at the start of a test."""

    def inbox(self) -> InboxRepository:
        """Make a repository."""
        ...

    def unit_of_work(self) -> UnitOfWork:
        """Make a unit of work; repositories that are used within it belong to its transaction."""
        ...


def message(key: str | None = None, body: bytes = b"{}", **fields: Any) -> Envelope:
    """Make a message with an id of its own."""
    return Envelope(message_id=uuid.uuid4(), name="named", topic="topic", body=body, key=key, **fields)


@pytest.mark.asyncio
class InboxConformance:
    """Tests for an ``InboxRepository``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: each consumer accepts a message once, in the transaction of its effect; a
    parked message and the later ones of its key are kept in order until they are handled or dropped; concurrent
    consumers and replays neither lose a message nor handle it twice. A method may raise at a conflict; the test
    then rolls back and repeats it.
    """

    @pytest.fixture
    def backend(self) -> InboxBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    @pytest.fixture
    def inbox(self, backend: InboxBackend) -> InboxRepository:
        return backend.inbox()

    # accepting

    async def test_a_message_is_accepted_once_by_each_consumer(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one, two, three = (message() for _ in range(3))
        assert await self._accept(backend, inbox, one, two) == [one, two]
        assert await self._accept(backend, inbox, two, three, one) == [three]
        assert await self._accept(backend, inbox, two, consumer="other") == [two]

    async def test_consumers_whose_names_look_alike_are_different(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one, parked = message(), message(key="k")
        for consumer in DIFFERENT:
            assert await self._accept(backend, inbox, one, consumer=consumer) == [one]
        async with backend.unit_of_work():
            await inbox.park(DIFFERENT[0], parked, Deliberate("no"), None)
        for consumer in DIFFERENT[1:]:
            assert await inbox.parked.list(consumer) == []
            assert await self._accept(backend, inbox, parked, consumer=consumer) == [parked]

    async def test_copies_within_a_batch_are_accepted_once_and_in_order(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one, two, three = (message() for _ in range(3))
        assert await self._accept(backend, inbox, three, one, three, two, one) == [three, one, two]
        async with backend.unit_of_work():
            assert await inbox.accept(ME, []) == []

    async def test_a_message_whose_acceptance_was_rolled_back_is_accepted_again(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one, two = message(), message()
        with pytest.raises(Deliberate):
            async with backend.unit_of_work():
                assert await inbox.accept(ME, [one]) == [one]
                raise Deliberate
        async with backend.unit_of_work() as unit:
            with pytest.raises(Deliberate):
                async with unit.savepoint():
                    await inbox.accept(ME, [two])
                    raise Deliberate
            assert await inbox.accept(ME, [one, two]) == [one, two]
            assert await inbox.accept(ME, [one, two]) == []

    async def test_an_inbox_used_outside_a_unit_of_work_raises(self, inbox: InboxRepository) -> None:
        for call in (inbox.accept(ME, [message()]), inbox.park(ME, message(), Deliberate(), None), inbox.take(ME)):
            with pytest.raises(UnitOfWorkStateError):
                await call

    async def test_concurrent_consumers_accept_each_message_once(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        messages = [message(key=str(n % 3)) for n in range(40)]
        effects: list[uuid.UUID] = []

        async def work(number: int) -> None:
            mine = messages if number % 2 else messages[::-1]
            while True:
                try:
                    async with backend.unit_of_work():
                        new = await inbox.accept(ME, mine)
                        await asyncio.sleep(0)
                except Exception:  # noqa: BLE001, S112  # a conflict, after which a consumer begins again
                    continue
                effects.extend(envelope.message_id for envelope in new)
                return

        await asyncio.gather(*(work(number) for number in range(6)))
        assert sorted(effects) == sorted(envelope.message_id for envelope in messages)

    # parking

    async def test_a_parked_message_keeps_all_its_fields(self, backend: InboxBackend, inbox: InboxRepository) -> None:
        odd = message(
            key="ключ \0 " + "k" * 300,
            body=bytes(range(256)) * 300,
            version=3,
            content_type="application/x-odd",
            content_encoding="zstd",
            headers={"correlation-id": "c\0ö", "traceparent": "00-1"},
        )
        await self._park(backend, inbox, odd, error=Deliberate("b\0d \ud800"))
        (listed,) = await inbox.parked.list(ME)
        assert listed.envelope == odd
        assert (listed.attempts, listed.behind) == (1, 0)
        assert listed.error.startswith("Deliberate: b")
        async with backend.unit_of_work():
            taken = await inbox.take(ME)
        assert taken is not None
        assert [envelope for _, envelope in taken.messages] == [odd]

    async def test_a_message_parked_twice_is_stored_once_and_not_accepted_again(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one = message(key="a")
        for _ in range(2):
            await self._park(backend, inbox, one)
        assert await self._accept(backend, inbox, one) == []
        (listed,) = await inbox.parked.list(ME)
        assert (listed.envelope, listed.behind) == (one, 0)

    async def test_later_messages_of_a_parked_key_wait_behind_it_and_others_pass(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        poison, *later = [message(key="a") for _ in range(4)]
        other, keyless = message(key="b"), message()
        await self._park(backend, inbox, poison)
        assert await self._accept(backend, inbox, later[0], other, later[1], keyless) == [other, keyless]
        assert await self._accept(backend, inbox, later[1], poison, later[2]) == []
        assert await self._accept(backend, inbox, message(key="a"), consumer="other") != []
        (listed,) = await inbox.parked.list(ME)
        assert listed.behind == 3
        assert await self._replayed(backend, inbox) == [poison, *later]

    async def test_parked_messages_without_a_key_block_no_other(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one, two = message(), message()
        await self._park(backend, inbox, one)
        await self._park(backend, inbox, two)
        assert [listed.envelope for listed in await inbox.parked.list(ME)] == [one, two]
        three = message()
        assert await self._accept(backend, inbox, three) == [three]

    async def test_a_second_parked_message_of_a_key_waits_behind_the_first(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one, two = message(key="a"), message(key="a")
        await self._park(backend, inbox, one, error=Deliberate("first"))
        await self._park(backend, inbox, two, error=Deliberate("second"))
        (listed,) = await inbox.parked.list(ME)
        assert (listed.envelope, listed.error, listed.behind) == (one, "Deliberate: first", 1)

    async def test_parking_that_is_rolled_back_parks_nothing(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one = message(key="a")
        with pytest.raises(Deliberate):
            async with backend.unit_of_work():
                await inbox.park(ME, one, Deliberate(), 0)
                raise Deliberate
        assert await inbox.parked.list(ME) == []
        assert await self._accept(backend, inbox, one) == [one]

    # replaying

    async def test_a_parked_message_is_not_taken_before_it_is_due(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        await self._park(backend, inbox, message(key="a"), retry_in=3600)
        await self._park(backend, inbox, message(key="b"), retry_in=None)
        assert await self._take(backend, inbox) is None
        first, second = await inbox.parked.list(ME)
        assert first.retry_at is not None
        assert dt.timedelta(minutes=50) < first.retry_at - first.parked_at < dt.timedelta(minutes=70)
        assert second.retry_at is None

    async def test_a_partly_settled_sequence_continues_after_the_settled_messages(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        messages = [message(key="a") for _ in range(5)]
        await self._park(backend, inbox, messages[0])
        await self._accept(backend, inbox, *messages[1:])
        async with backend.unit_of_work():
            taken = await inbox.take(ME, limit=3)
            assert taken is not None
            assert [envelope for _, envelope in taken.messages] == messages[:3]
            await inbox.settle(taken, 2)
        assert await self._accept(backend, inbox, new := message(key="a")) == []
        (listed,) = await inbox.parked.list(ME)
        assert (listed.envelope, listed.attempts, listed.error, listed.behind) == (messages[2], 0, "", 3)
        assert await self._replayed(backend, inbox) == [*messages[2:], new]
        assert await inbox.parked.list(ME) == []
        assert await self._accept(backend, inbox, *messages, free := message(key="a")) == [free]

    async def test_a_message_whose_replay_was_rolled_back_is_still_parked(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        one = message(key="a")
        await self._park(backend, inbox, one)
        with pytest.raises(Deliberate):
            async with backend.unit_of_work():
                taken = await inbox.take(ME)
                assert taken is not None
                await inbox.settle(taken, 1)
                raise Deliberate
        assert await self._replayed(backend, inbox) == [one]

    async def test_a_failed_attempt_is_counted_and_postponed(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        await self._park(backend, inbox, message(key="a"))
        taken = await self._take(backend, inbox)
        assert taken is not None
        async with backend.unit_of_work():
            await inbox.postpone(taken, Deliberate("again"), 3600)
        assert await self._take(backend, inbox) is None
        (listed,) = await inbox.parked.list(ME)
        assert (listed.attempts, listed.error) == (2, "Deliberate: again")
        async with backend.unit_of_work():
            await inbox.postpone(taken, Deliberate("too late"), 0)
        (listed,) = await inbox.parked.list(ME)
        assert (listed.attempts, listed.error) == (2, "Deliberate: again")

    async def test_concurrent_replays_of_a_growing_key_handle_each_message_once(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        messages = [message(key="a") for _ in range(30)]
        await self._park(backend, inbox, messages[0])
        order: list[uuid.UUID] = []
        arriving = messages[1:]

        async def replay() -> None:
            while len(order) < len(messages):
                done: list[uuid.UUID] = []
                try:
                    async with backend.unit_of_work():
                        taken = await inbox.take(ME, limit=2)
                        if taken is not None:
                            done = [envelope.message_id for _, envelope in taken.messages]
                            await asyncio.sleep(0.001)
                            await inbox.settle(taken, len(done))
                except Exception:  # noqa: BLE001  # a conflict
                    done = []
                order.extend(done)
                await asyncio.sleep(0)

        async def arrive() -> None:
            for envelope in arriving:
                while True:
                    try:
                        async with backend.unit_of_work():
                            now = await inbox.accept(ME, [envelope])
                            await asyncio.sleep(0.001)
                    except Exception:  # noqa: BLE001, S112  # a conflict
                        continue
                    order.extend(e.message_id for e in now)
                    break

        async with asyncio.timeout(60):
            await asyncio.gather(replay(), replay(), arrive())
        assert sorted(order) == sorted(e.message_id for e in messages)
        assert await inbox.parked.list(ME) == []

    # operators

    async def test_parked_messages_are_listed_in_pages(self, backend: InboxBackend, inbox: InboxRepository) -> None:
        messages = [message(key=str(n)) for n in range(5)]
        for envelope in messages:
            await self._park(backend, inbox, envelope)
        first = await inbox.parked.list(ME, limit=3)
        rest = await inbox.parked.list(ME, limit=3, after=first[-1].id)
        assert [listed.envelope for listed in [*first, *rest]] == messages
        assert await inbox.parked.list("other") == []

    async def test_parked_messages_are_replayed_by_id_by_key_or_all(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        a, b, c, none = message(key="a"), message(key="b"), message(key="c"), message()
        for envelope in (a, b, c, none):
            await self._park(backend, inbox, envelope, retry_in=None)
        await self._accept(backend, inbox, behind := message(key="b"))
        ids = {listed.envelope.key: listed.id for listed in await inbox.parked.list(ME)}
        assert await inbox.parked.replay(ME, ids["a"], 10**6) == 1
        assert await self._replayed(backend, inbox) == [a]
        assert await inbox.parked.replay(ME, key="b") == 1
        assert await inbox.parked.replay(ME, key="unknown") == 0
        assert await self._replayed(backend, inbox) == [b, behind]
        assert await inbox.parked.replay("other") == 0
        assert await inbox.parked.replay(ME) == 2
        assert {e.message_id for e in await self._replayed(backend, inbox)} == {c.message_id, none.message_id}

    async def test_a_replay_resets_the_number_of_attempts(self, backend: InboxBackend, inbox: InboxRepository) -> None:
        await self._park(backend, inbox, message(key="a"), retry_in=None)
        await inbox.parked.replay(ME)
        taken = await self._take(backend, inbox)
        assert taken is not None
        assert taken.attempts == 0

    async def test_dropping_a_parked_message_releases_the_next_of_its_key(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        a, behind, b = message(key="a"), message(key="a"), message(key="b")
        await self._park(backend, inbox, a, retry_in=None)
        await self._accept(backend, inbox, behind)
        await self._park(backend, inbox, b, retry_in=None)
        with pytest.raises(ValueError, match="what to drop"):
            await inbox.parked.drop(ME)
        assert await inbox.parked.drop(ME, key="a") == 1
        ids = {one.envelope.key: one.id for one in await inbox.parked.list(ME)}
        assert await inbox.parked.drop(ME, ids["b"]) == 1
        assert await self._replayed(backend, inbox) == [behind]
        assert await self._accept(backend, inbox, a, b) == []

    # retention

    async def test_old_marks_are_removed_in_bounded_chunks(self, backend: InboxBackend, inbox: InboxRepository) -> None:
        messages = [message() for _ in range(5)]
        await self._accept(backend, inbox, *messages)
        await self._accept(backend, inbox, *messages, consumer="other")
        assert await inbox.clean(ME, dt.timedelta(hours=1)) == 0
        await asyncio.sleep(0.01)  # only marks older than the given age are removed
        assert [await inbox.clean(ME, dt.timedelta(0), limit=3) for _ in range(3)] == [3, 2, 0]
        assert await self._accept(backend, inbox, *messages, consumer="other") == []
        assert await self._accept(backend, inbox, *messages) == messages

    async def test_marks_of_parked_messages_are_not_removed(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        parked, behind = message(key="a"), message(key="a")
        await self._park(backend, inbox, parked)
        await self._accept(backend, inbox, behind)
        await asyncio.sleep(0.01)
        assert await inbox.clean(ME, dt.timedelta(0)) == 0
        assert await self._accept(backend, inbox, parked, behind) == []

    async def test_cleaning_during_consumption_removes_no_young_mark(
        self, backend: InboxBackend, inbox: InboxRepository
    ) -> None:
        old, young = [message() for _ in range(20)], [message() for _ in range(20)]
        await self._accept(backend, inbox, *old)

        async def clean() -> int:
            return sum([await inbox.clean(ME, dt.timedelta(hours=1), limit=5) for _ in range(5)])

        async def accept_young() -> Sequence[Envelope]:
            return [e for one in young for e in await self._accept(backend, inbox, one)]

        removed, new, *_ = await asyncio.gather(clean(), accept_young(), clean())
        assert (removed, new) == (0, young)
        assert await self._accept(backend, inbox, *old, *young) == []

    @staticmethod
    async def _accept(
        backend: InboxBackend, inbox: InboxRepository, *envelopes: Envelope, consumer: str = ME
    ) -> list[Envelope]:
        async with backend.unit_of_work():
            return await inbox.accept(consumer, envelopes)

    @staticmethod
    async def _park(
        backend: InboxBackend,
        inbox: InboxRepository,
        envelope: Envelope,
        retry_in: float | None = 0.0,
        error: Exception | None = None,
    ) -> None:
        async with backend.unit_of_work():
            await inbox.park(ME, envelope, error or Deliberate("bad"), retry_in)

    @staticmethod
    async def _take(backend: InboxBackend, inbox: InboxRepository) -> TakenSequence | None:
        async with backend.unit_of_work():
            return await inbox.take(ME)

    @staticmethod
    async def _replayed(backend: InboxBackend, inbox: InboxRepository) -> list[Envelope]:
        """Settle all parked messages that are due, two at a time, and return them in that order."""
        done: list[Envelope] = []
        while True:
            async with backend.unit_of_work():
                taken = await inbox.take(ME, limit=2)
                if taken is None:
                    return done
                await inbox.settle(taken, len(taken.messages))
            done += [envelope for _, envelope in taken.messages]
