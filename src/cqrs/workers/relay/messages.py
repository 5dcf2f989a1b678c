"""The messages that a relay sends, and what came of sending them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from cqrs._text import shown

if TYPE_CHECKING:
    from cqrs.envelope import Envelope


class RelayMessage(Protocol):
    """A message that a relay can send."""

    @property
    def id(self) -> object:
        """The same at each attempt."""
        ...

    @property
    def envelope(self) -> Envelope:
        """The message as it is sent."""
        ...

    @property
    def attempts(self) -> int:
        """How often this message was found to be at fault."""
        ...


M = TypeVar("M", bound=RelayMessage)


class Fault(NamedTuple, Generic[M]):
    """A message that is the reason of a failure. ``counts``: whether it may be parked for it after enough attempts."""

    message: M
    error: Exception
    counts: bool


@dataclasses.dataclass(slots=True)
class SendResult(Generic[M]):
    """What came of sending messages; those that are neither sent nor at fault are still to be sent.

    ``outage``: the error because of which nothing can be sent now; ``first`` is then the message that waits first.
    """

    sent: list[M] = dataclasses.field(default_factory=list[M])
    at_fault: list[Fault[M]] = dataclasses.field(default_factory=list[Fault[M]])
    outage: Exception | None = None
    first: M | None = None


def key_of(message: RelayMessage) -> str | None:
    """The message key, ``None`` for a message without order."""
    return message.envelope.key


def describe_message(message: RelayMessage) -> str:
    """Name, id and topic of a message, for a log line."""
    envelope = message.envelope
    return f"{shown(envelope.name)} {envelope.message_id} for topic '{shown(envelope.topic)}'"


def first_in_line(message: RelayMessage | None) -> str:
    """The end of the line that logs an outage: the message that waits first, if there is one."""
    return "" if message is None else f"; first in line is {describe_message(message)}"
