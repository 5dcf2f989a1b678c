"""The part of the relay suite for messages that a broker does not accept, whichever error it raises or returns."""
# ruff: noqa: S101, PLR2004 - assert is how a suite checks, names state the behaviour, numbers are messages

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

import pytest

from cqrs.backoff import Backoff
from cqrs.errors.messages import BrokerUnavailable
from cqrs.testing.conformance._outbox_stand import numbered
from cqrs.testing.conformance._relay_stand import AWAY, EVERY, QUICK, InOrderBroker, RelayStand, until, until_true
from cqrs.workers.relay.outbox_relay import OutboxRelay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqrs.envelope import Envelope
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.testing.conformance._outbox_stand import OutboxBackend


class AllOrNothingBroker(InOrderBroker):
    """Accepts a whole batch or nothing: if a bad message is in it, raises ``error``, or returns it for each message."""

    def __init__(self, error: Exception, *bad: int, raises: bool = True) -> None:
        super().__init__({})
        self.bad = set(bad)
        self.error = error
        self.raises = raises
        self.batches = 0

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        self.batches += 1
        numbers = [envelope.json()["payload"] for envelope in envelopes]
        if not self.bad.isdisjoint(numbers):
            self.tried += numbers
            if self.raises:
                raise self.error
            return [self.error] * len(envelopes)
        return await super().send(envelopes)


class _BrokerFactory:
    """Makes brokers that do not accept some messages; ``how`` they fail is one of "alone", "raised", "returned"."""

    def __init__(self, error: Exception, how: str) -> None:
        self._error = error
        self._how = how

    def __call__(self, *bad: int) -> InOrderBroker:
        if self._how == "alone":
            return InOrderBroker(dict.fromkeys(bad, self._error))
        return AllOrNothingBroker(self._error, *bad, raises=self._how == "raised")


ERRORS = [
    pytest.param(_BrokerFactory(KeyError("an unknown error"), "raised"), id="raised for the batch"),
    pytest.param(_BrokerFactory(AWAY, "raised"), id="raised as an outage"),
    pytest.param(_BrokerFactory(ValueError("odd"), "raised"), id="raised as poison"),
    pytest.param(_BrokerFactory(AWAY, "returned"), id="returned for the batch"),
    pytest.param(_BrokerFactory(AWAY, "alone"), id="returned for the message"),
    pytest.param(_BrokerFactory(KeyError("odd"), "alone"), id="returned as an unknown error"),
]


class RelayFaults(RelayStand):
    """Tests of failing messages; the suite that inherits them is ``RelayConformance``."""

    @pytest.mark.parametrize("unable", ERRORS)
    async def test_an_error_that_always_comes_with_one_message_parks_only_that_message(
        self, outbox: OutboxedEventRepository, unable: Callable[..., InOrderBroker]
    ) -> None:
        await self._add(outbox, *range(120))
        async with OutboxRelay(outbox, unable(33, 70), QUICK) as relay:
            await until(lambda: relay.sent >= 118)
            await self._until_parked(outbox, 2)
        parked = await outbox.parked.list()
        assert {(message.envelope.json()["payload"], message.attempts) for message in parked} == {(33, 3), (70, 3)}

    @pytest.mark.parametrize("unable", ERRORS)
    async def test_keys_keep_their_order_while_the_failing_message_is_searched_for(
        self, outbox: OutboxedEventRepository, unable: Callable[..., InOrderBroker]
    ) -> None:
        broker = unable(40)
        await self._add(outbox, *range(120), key=lambda n: f"key {n % 7}")
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 120 - 12)
            await self._until_parked(outbox, 1, behind=11)
        for key in range(7):
            of_key = [number for number in broker.arrived() if number % 7 == key and number < 1000]
            end = 40 if key == 40 % 7 else 120
            assert of_key == list(range(key, end, 7))

    async def _until_parked(self, outbox: OutboxedEventRepository, count: int, behind: int | None = None) -> None:
        """Add messages until ``count`` are parked: the relay needs some that succeed to see which one is at fault."""
        number = 1000
        is_parked = self._is_parked(outbox, count, behind)
        async with asyncio.timeout(60):
            while not await is_parked():
                await self._add(outbox, number, number + 1)
                number += 2
                await asyncio.sleep(0.02)

    async def test_no_attempt_is_counted_while_no_message_can_be_sent(self, outbox: OutboxedEventRepository) -> None:
        await self._add(outbox, *range(30), key=lambda n: f"key {n % 20}")
        broker = AllOrNothingBroker(KeyError("an unknown error"), *range(30))
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: broker.batches >= 40)
            assert await outbox.parked.list() == []
            assert {message.attempts for message in await outbox.queue().take(EVERY, 100)} == {0}
            broker.bad = {3, 4}
            await until(lambda: relay.sent >= 26)
            await self._until_parked(outbox, 2, behind=1)

    @pytest.mark.parametrize(
        "names_the_topic", [False, True], ids=["error without a topic", "error that names the topic"]
    )
    async def test_an_unavailable_topic_delays_only_its_own_messages_and_loses_none(
        self, outbox: OutboxedEventRepository, *, names_the_topic: bool
    ) -> None:
        away = BrokerUnavailable("broker", "no queue", "bind one", topic="away") if names_the_topic else AWAY

        class BrokerWithoutTopic(InOrderBroker):
            is_unavailable = True

            async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
                results: list[Exception | None] = []
                for envelope in envelopes:
                    if self.is_unavailable and envelope.topic == "away":
                        self.tried.append(envelope.json()["payload"])
                        results.append(away)
                    else:
                        results += await super().send([envelope])
                return results

        broker = BrokerWithoutTopic({})
        async with outbox as session:
            for number in range(100):
                outbox.add(session, numbered(number, "away" if number % 2 else "there"), key=f"key {number % 10}")
            await outbox.commit(session)
        async with OutboxRelay(outbox, broker, QUICK) as relay:
            await until(lambda: relay.sent >= 50)
            async with asyncio.timeout(60):
                while broker.tried.count(1) <= 3 * QUICK.attempts:
                    assert await outbox.parked.list() == []
                    await self._add(outbox, 1000, 1001)
                    await asyncio.sleep(0.01)
            assert await outbox.parked.list() == []
            broker.is_unavailable = False
            await until(lambda: len({number for number in broker.arrived() if number < 100}) == 100)
        for key in range(10):
            assert [n for n in broker.arrived() if n % 10 == key and n < 1000] == list(range(key, 100, 10))

    async def test_another_relay_sends_a_message_known_to_fail_apart_from_the_others(
        self, backend: OutboxBackend, outbox: OutboxedEventRepository
    ) -> None:
        broker = AllOrNothingBroker(KeyError("an unknown error"), 7)
        await self._add(outbox, *range(20))
        policy = dataclasses.replace(QUICK, attempt_backoff=Backoff(first=0.2, longest=0.2))
        async with OutboxRelay(outbox, broker, policy) as relay:
            await until(lambda: relay.sent >= 19)
            while not (await _is_at_fault(outbox) or await outbox.parked.list()):
                await self._add(outbox, 20)
                await asyncio.sleep(0.02)
        await self._add(outbox, *range(100, 120))
        batches = broker.batches
        async with OutboxRelay(self._repository(backend), broker, policy) as relay:
            await until(lambda: relay.sent >= 20)
            await until_true(self._is_parked(outbox, 1))
        assert broker.batches - batches <= 2 * QUICK.attempts  # it makes no other batch fail


async def _is_at_fault(outbox: OutboxedEventRepository) -> bool:
    return any(message.attempts for message in await outbox.queue().take(EVERY, 100))
