"""Decodes the messages that a consumer receives, and calls the handlers of their events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, cast

from cqrs._introspection.generics import type_name
from cqrs._tasks.cancellation import is_cancelled
from cqrs.context import consuming
from cqrs.envelope import UNREADABLE
from cqrs.errors.deserializing import DeserializeJsonError
from cqrs.errors.events import EventUnhandled, HandlerCancelled, UnknownEvent
from cqrs.errors.messages import InvalidEnvelope
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.outbox.rows import unpacked
from cqrs.serializers.json_reader import JsonDeserializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.envelope import Envelope
    from cqrs.events.registry import EventRegistry


class ReceivesEvents(Protocol):
    """What a consumer calls with events: an ``EventMediator``."""

    def handles(self, event_type: type) -> bool:
        """Whether a handler is bound to this type."""
        ...

    async def send(self, event: Any) -> None:
        """Call the handlers of ``event``. Raises what they raise."""
        ...


class JsonEvents:
    """Makes events of messages whose body is JSON; ``registry`` has their types."""

    def __init__(self, registry: EventRegistry) -> None:
        self.registry = registry
        self._read: dict[tuple[str, int], JsonDeserializer[Any]] = {}

    def __call__(self, envelope: Envelope) -> Any:
        """The event of ``envelope``.

        Raises ``UnknownEvent``, ``DeserializeJsonError``, ``InvalidEnvelope``, ``UnknownCompression`` or
        ``UnreadableBody``.
        """
        key = (envelope.name, envelope.version)
        read = self._read.get(key)
        if read is None:
            read = self._read[key] = JsonDeserializer(self.registry.type_of(*key))
        body = envelope.body
        if envelope.content_encoding is not None:
            body = unpacked(envelope, envelope.content_encoding, None).body
        event: Any = read(body)
        if event is None:
            raise InvalidEnvelope(envelope.topic, envelope.to_headers(), ValueError("it has no body"))
        if isinstance(event, DeserializeJsonError):
            raise event
        return event


def check_event_types(receiver: ReceivesEvents, decode: Any) -> None:
    """Raise ``WiringError`` if a handler is bound to an event type that no message name is registered for."""
    registry: EventRegistry | None = getattr(decode, "registry", None)
    if registry is None:
        return
    remedy = 'Put @cqrs.event_type("its name") on the class, or register it in the registry of the consumer'
    problems = [
        WiringProblem(type_name(message), "a handler is bound to it, and it is registered under no name", remedy)
        for message in getattr(receiver, "messages", ())
        if message not in registry
    ]
    if problems:
        raise WiringError(problems)


class Handling:
    """Calls the handlers of the event of a message. Raises if there are none, unless such messages are skipped."""

    def __init__(self, receiver: ReceivesEvents, decode: Callable[[Envelope], Any], *, skip_unknown: bool) -> None:
        self._receiver = receiver
        self._decode = decode
        self._skip_unknown = skip_unknown

    async def __call__(self, envelope: Envelope) -> None:
        """Handle ``envelope``; messages that are sent meanwhile are marked as caused by it.

        Raises the errors of handlers and decoding, ``EventUnhandled`` and ``HandlerCancelled``.
        """
        try:
            event = self._decode(envelope)
        except Exception as error:
            if isinstance(error, UnknownEvent) and self._skip_unknown:
                return
            _check_readable(envelope)
            raise
        _check_readable(envelope)
        event_type: type[Any] = event.__class__
        if self._receiver.handles(event_type):
            with consuming(envelope):
                await self._send(event, event_type)
        elif not self._skip_unknown:
            raise EventUnhandled(event_type)

    async def _send(self, event: Any, event_type: type[Any]) -> None:
        try:
            await self._receiver.send(event)
        except (asyncio.CancelledError, BaseExceptionGroup) as error:
            if is_cancelled() or not _only_cancelled(error):
                raise
            raise HandlerCancelled(event_type) from error  # else it would end the worker as if that had been cancelled


def _check_readable(envelope: Envelope) -> None:
    reason = envelope.headers.get(UNREADABLE)
    if reason is not None:
        raise InvalidEnvelope(envelope.topic, envelope.to_headers(), reason)


def _only_cancelled(error: BaseException) -> bool:
    """Whether ``error`` is a cancellation, or a group that is no ``Exception`` only because of cancellations."""
    if not isinstance(error, BaseExceptionGroup):
        return True
    group = cast("BaseExceptionGroup[BaseException]", error)
    _, other = group.split((Exception, asyncio.CancelledError))
    return other is None and not isinstance(error, Exception)
