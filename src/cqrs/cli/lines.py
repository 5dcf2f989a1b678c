"""Messages as lines of text, without body and headers, and without control characters for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs._text import shown
from cqrs.envelope import UNREADABLE
from cqrs.inbox.parked import ParkedMessage as ParkedInInbox
from cqrs.outbox.peeked import MessageState

if TYPE_CHECKING:
    import datetime as dt

    from cqrs.envelope import Envelope
    from cqrs.outbox.parked import ParkedMessage as ParkedInOutbox
    from cqrs.outbox.peeked import PeekedMessage

    Parked = ParkedInInbox | ParkedInOutbox


def line_of(message: PeekedMessage) -> str:
    """A message of an outbox, and what it waits for."""
    parts = [f"{message.id}  {message.state}", *_named(message.envelope, f"added {_time(message.added_at)}")]
    if message.state is MessageState.SCHEDULED:
        parts.append(f"due {_time(message.due_at)}")
    if message.held_until is not None:
        parts.append(f"until {_time(message.held_until)}")
    if message.attempts:
        parts.append(f"rejected {_times(message.attempts)}: {shown(message.error)}")
    return "  ".join(parts)


def line_of_parked(message: Parked) -> str:
    """A parked message."""
    parts = [str(message.id), *_named(message.envelope, f"parked {_time(message.parked_at)}")]
    parts += [f"{message.behind} behind it", _next_try(message)]
    return "  ".join([*parts, f"failed {_times(message.attempts)}: {_first_line(message.error)}"])


def lines_of_parked(message: Parked) -> list[str]:
    """Everything about a parked message except its content."""
    envelope = message.envelope
    fields = {
        "number": str(message.id),
        "message": str(envelope.message_id),
        "name": shown(envelope.name),
        "topic": shown(envelope.topic),
        "key": "none" if envelope.key is None else repr(shown(envelope.key)),
        "body": f"{len(envelope.body):,} bytes",
        "parked": _time(message.parked_at),
        "behind it": str(message.behind),
        "failed": _times(message.attempts),
        "next": _next_try(message),
    }
    if UNREADABLE in envelope.headers:
        fields["unreadable"] = shown(envelope.headers[UNREADABLE])
    error = [shown(line) for line in message.error.splitlines()] or [""]
    return [*(f"{name}: {text}" for name, text in fields.items()), f"error: {error[0]}", *error[1:]]


def _named(envelope: Envelope, since: str) -> list[str]:
    parts = [f"{shown(envelope.name)} to {shown(envelope.topic)}", f"id {envelope.message_id}", since]
    return parts if envelope.key is None else [*parts, f"key {shown(envelope.key)!r}"]


def _next_try(message: Parked) -> str:
    if isinstance(message, ParkedInInbox) and message.retry_at is not None:
        return f"next attempt {_time(message.retry_at)}"
    return "waits for replay or drop"


def _first_line(error: str) -> str:
    return shown(next(iter(error.splitlines()), ""))


def _time(moment: dt.datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
