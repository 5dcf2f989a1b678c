"""Step 4, a message in an outbox, for the loop that sends it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.envelope import Envelope


class EventStatus(enum.StrEnum):
    """What became of a message of the outbox."""

    NEW = "new"
    """The message was not sent yet."""
    PRODUCED = "produced"
    """The broker has confirmed it."""
    NOT_PRODUCED = "not_produced"
    """The message could not be sent, and is tried again."""
    PARKED = "parked"
    """The message was rejected too often, and waits for an operator."""
    DROPPED = "dropped"
    """An operator has decided that it is never sent."""


class OutboxedEvent:
    """A message that was taken from an outbox to be sent.

    ``envelope`` is what to send; it is there for every outbox of this package, and raises what ``unreadable`` holds if
    the message cannot be read. ``event`` is made from it when it is asked for, and needs its class to be registered.
    ``fence`` counts how often the message was taken; ``attempts``, how often a broker has rejected it. Send it only
    while :meth:`is_held`.
    """

    __slots__ = ("_decode", "_envelope", "_event", "_held", "attempts", "fence", "id", "status", "topic", "unreadable")

    def __init__(  # noqa: PLR0913  # the first four are the established signature
        self,
        id: int,  # noqa: A002  # the established name
        event: Any,
        topic: str,
        status: EventStatus,
        *,
        envelope: Envelope | None = None,
        fence: int = 0,
        attempts: int = 0,
        decode: Callable[[Envelope], Any] | None = None,
        held: Callable[[], bool] | None = None,
        unreadable: Exception | None = None,
    ) -> None:
        self.id = id
        self.topic = topic
        self.status = status
        self.unreadable = unreadable
        self._envelope = envelope
        self.fence = fence
        self.attempts = attempts
        self._event = event
        self._decode = decode
        self._held = held

    @property
    def envelope(self) -> Envelope | None:
        """What to send."""
        if self.unreadable is not None:
            raise self.unreadable
        return self._envelope

    @property
    def key(self) -> str | None:
        """Of the messages with one key, each is sent before the next."""
        return None if self._envelope is None else self._envelope.key

    @property
    def event(self) -> Any:
        """The event. Raises ``UnknownEvent`` if its name is not registered here."""
        if self._event is None and self._decode is not None and self.envelope is not None:
            self._event = self._decode(self.envelope)
        return self._event

    def is_held(self) -> bool:
        """Whether the lease of the message still runs by the clock of this process: no other loop has taken it."""
        return self._held is None or self._held()

    def __repr__(self) -> str:
        name = self._envelope.name if self._envelope is not None else type(self._event).__qualname__
        return f"OutboxedEvent(id={self.id}, {name!r} to {self.topic!r}, {self.status})"
