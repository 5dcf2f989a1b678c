"""Step 4, what a look at an outbox shows; it changes nothing, and holds nothing up."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from cqrs.envelope import Envelope


class MessageState(enum.StrEnum):
    """What a message of an outbox waits for, by the clock of the database."""

    WAITING = "waiting"
    """Nothing but to be sent, which may be under way."""
    SCHEDULED = "scheduled"
    """Its time, which is ``due_at``."""
    HELD = "held"
    """``held_until``: a loop has taken it with ``get_many``, or a broker has rejected it and it is tried again."""
    BEHIND = "behind"
    """An earlier message of its key that is held or parked."""
    PARKED = "parked"
    """An operator: it was rejected too often."""
    SENT = "sent"
    """Nothing: a broker has confirmed it, and the outbox keeps what was sent."""
    DROPPED = "dropped"
    """Nothing: an operator has decided that it is never sent."""


@dataclasses.dataclass(frozen=True, slots=True)
class PeekedMessage:
    """A message of an outbox, for people and tests to look at. It cannot be sent or settled by it.

    ``envelope`` is as it is sent; only if this outbox has no compressor for it, it is as it is stored, with
    ``content_encoding``. ``attempts`` counts how often it was rejected, ``error`` is why the last time. ``held_until``
    is ``None`` where only an operator or an earlier message frees it.
    """

    id: int
    envelope: Envelope
    state: MessageState
    attempts: int
    error: str
    added_at: dt.datetime
    due_at: dt.datetime | None
    held_until: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """Which messages are to be shown: at most ``limit``, after the id ``after``; without a state, what is unsent."""

    limit: int
    after: int
    state: MessageState | None
    topic: str | None
    key: str | None
