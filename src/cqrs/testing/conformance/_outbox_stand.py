"""What the suites of outbox and relay work with."""
# ruff: noqa: S101 - assert is how a suite checks, names state the behaviour

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Protocol

from cqrs.events.event import NotificationEvent
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.serializers.protocol import Encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.outbox.event import OutboxedEvent
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.unit_of_work.protocol import UnitOfWork

HOUR = dt.timedelta(hours=1)


class OutboxBackend(Protocol):
    """Makes repositories over one outbox."""

    concurrent_writers: bool
    """Whether several transactions can write at the same time."""

    def repository(self, compressor: Any = None, **options: Any) -> OutboxedEventRepository:
        """Make a repository; ``registry`` and ``lease`` are among ``options``."""
        ...

    def unit_of_work(self) -> UnitOfWork:
        """Make a unit of work that the repositories join."""
        ...

    async def break_commit(self, unit: UnitOfWork) -> None:
        """Let the commit of ``unit`` fail."""
        ...


class Numbered(NotificationEvent[int]):
    """The event of this suite."""

    event_name: str = "numbered"


class Other(NotificationEvent[str]):
    """An event that is registered under another name."""

    event_name: str = "other"


def numbered(number: int, topic: str = "numbers") -> Numbered:
    """An event whose payload is ``number``."""
    return Numbered(topic=topic, payload=number)


def numbers(events: Sequence[OutboxedEvent]) -> list[int]:
    """Which of them these are."""
    return [event.event.payload for event in events]


class ReversingSerializer:
    """Encodes events in a format that no other serializer reads."""

    def serialize(self, event: Any) -> Encoded:
        return Encoded(event.model_dump_json().encode()[::-1], "application/x-reversed")

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        assert content_type == "application/x-reversed"
        return event_type.model_validate_json(body[::-1])


class ReversingCompressor:
    """A compressor that no other party knows."""

    name = "backwards"

    def compress(self, data: bytes) -> bytes:
        return data[::-1]

    def decompress(self, data: bytes) -> bytes:
        return data[::-1]


class FlakyBroker(MemoryMessageBroker):
    """Fails as ``errors`` says for the next sendings, by the number of the event; the others arrive."""

    def __init__(self, errors: dict[int, Exception]) -> None:
        super().__init__()
        self.errors = errors
        self.tried: list[int] = []

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        results: list[Exception | None] = []
        for envelope in envelopes:
            number = envelope.json()["payload"]
            self.tried.append(number)
            results += [self.errors[number]] if number in self.errors else await super().send([envelope])
        return results

    def arrived(self) -> list[int]:
        return [message.to_envelope().json()["payload"] for message in self.sent]
