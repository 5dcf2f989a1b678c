"""The back end, events and brokers that the suites of outbox and relay share."""
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
    """Makes repositories that all use the same outbox, which is empty at the start of a test."""

    concurrent_writers: bool
    """Whether several transactions can write at the same time; if not, tests leave that part out."""

    def repository(self, compressor: Any = None, **options: Any) -> OutboxedEventRepository:
        """Make a repository with these options, which can be ``registry``, ``serializer`` and ``lease``."""
        ...

    def unit_of_work(self) -> UnitOfWork:
        """Make a unit of work; what repositories add within it belongs to its transaction."""
        ...

    async def break_commit(self, unit: UnitOfWork) -> None:
        """Make the next commit of ``unit`` fail, for example by ending its connection."""
        ...


class Numbered(NotificationEvent[int]):
    """The event that most tests of these suites send; its payload is a number."""

    event_name: str = "numbered"


class Other(NotificationEvent[str]):
    """An event that is registered under another name."""

    event_name: str = "other"


def numbered(number: int, topic: str = "numbers") -> Numbered:
    """Make an event whose payload is ``number``."""
    return Numbered(topic=topic, payload=number)


def numbers(events: Sequence[OutboxedEvent]) -> list[int]:
    """The numbers in the payloads of ``events``."""
    return [event.event.payload for event in events]


class ReversingSerializer:
    """A serializer whose format no other serializer reads: JSON with its bytes reversed."""

    def serialize(self, event: Any) -> Encoded:
        return Encoded(event.model_dump_json().encode()[::-1], "application/x-reversed")

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        assert content_type == "application/x-reversed"
        return event_type.model_validate_json(body[::-1])


class ReversingCompressor:
    """A compressor that only the repository it is given to knows."""

    name = "backwards"

    def compress(self, data: bytes) -> bytes:
        return data[::-1]

    def decompress(self, data: bytes) -> bytes:
        return data[::-1]


class FlakyBroker(MemoryMessageBroker):
    """Returns the error of ``errors`` for each event whose number is in it, and delivers the other events."""

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
