"""The brokers, the policy and the fixtures of the relay suite."""

# ruff: noqa: ASYNC110 - neither a database nor a list of messages has events

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.backoff import Backoff
from cqrs.errors.messages import BrokerUnavailable, MessageRejected
from cqrs.events.registry import EventRegistry
from cqrs.outbox.rows import PARTITIONS
from cqrs.testing.conformance._outbox_stand import FlakyBroker, Numbered, numbered
from cqrs.workers.relay.policy import RelayPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqrs.envelope import Envelope
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.testing.conformance._outbox_stand import OutboxBackend

AWAY = BrokerUnavailable("broker", "away")
STRANGE = MessageRejected("broker", "0", "too strange")
EVERY = list(range(PARTITIONS))

QUICK = RelayPolicy(
    batch_size=50,
    lease=5.0,
    attempts=3,
    attempt_backoff=Backoff(first=0.02, longest=0.05),
    idle_backoff=Backoff(first=0.005, longest=0.05),
    outage_backoff=Backoff(first=0.01, longest=0.05),
    cleanup_every=0.1,
)


class HangingBroker(FlakyBroker):
    """Does not return from ``send`` until ``answers`` is set."""

    def __init__(self) -> None:
        super().__init__({})
        self.answers = asyncio.Event()

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        await self.answers.wait()
        return await super().send(envelopes)


class InOrderBroker(FlakyBroker):
    """Returns the error of a message also for the later ones of its key, as ``MessageBroker.send`` requires."""

    def fail(self, errors: Mapping[int, Exception]) -> None:
        self.errors = dict(errors)

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        failed: dict[str, Exception] = {}
        results: list[Exception | None] = []
        for envelope in envelopes:
            await asyncio.sleep(0)
            error = failed.get(envelope.key) if envelope.key is not None else None
            if error is None:
                (error,) = await super().send([envelope])
            if error is not None and envelope.key is not None:
                failed[envelope.key] = error
            results.append(error)
        return results


class RelayStand:
    """The fixtures of the suite, and helpers that fill an outbox."""

    @pytest.fixture
    def backend(self) -> OutboxBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    @pytest.fixture
    def outbox(self, backend: OutboxBackend) -> OutboxedEventRepository:
        return self._repository(backend)

    @pytest.fixture
    def broker(self) -> InOrderBroker:
        return InOrderBroker({})

    def _repository(self, backend: OutboxBackend, compressor: Any = None, **options: Any) -> OutboxedEventRepository:
        registry = EventRegistry()
        registry.register(Numbered, "numbered")
        return backend.repository(compressor, registry=registry, **options)

    async def _add(
        self, outbox: OutboxedEventRepository, *which: int, key: Callable[[int], str | None] = lambda _: None
    ) -> None:
        async with outbox as session:
            for number in which:
                outbox.add(session, numbered(number), key=key(number))
            await outbox.commit(session)

    def _is_parked(self, outbox: OutboxedEventRepository, count: int, behind: int | None = None) -> Any:
        async def is_parked() -> bool:
            parked = await outbox.parked.list()
            return len(parked) == count and (behind is None or parked[0].behind == behind)

        return is_parked


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition()`` is true; raises ``TimeoutError`` after a minute."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.002)


async def until_true(condition: Callable[[], Any]) -> None:
    """Wait until ``await condition()`` is true; raises ``TimeoutError`` after a minute."""
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.005)
