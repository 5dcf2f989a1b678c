"""Step 4, checks of arguments that name messages: ids, rows and times."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from cqrs._introspection.generics import type_name
from cqrs.errors.root import InvalidArgument
from cqrs.outbox.peeked import Look, MessageState

_LONGEST_DELAY = 100 * 365.25 * 86_400
_EPOCH, _LATEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def message_id_of(given: object) -> uuid.UUID:
    """The id that a message has by the id of its event, or by its dedup id. A UUID may be given as its text."""
    if isinstance(given, uuid.UUID):
        return given
    text = str(given)
    known = _uuid_in(text)
    # Only as Python writes it: of other texts, those that differ are different ids.
    return uuid.uuid5(uuid.NAMESPACE_OID, text) if known is None or str(known) != text else known


def ids_meant_by(given: uuid.UUID | str) -> list[uuid.UUID]:
    """Which ids a message may have that is named by ``given``: what is stored may be of an earlier version."""
    if isinstance(given, uuid.UUID):
        return [given]
    known = _uuid_in(id_given("message_id", given))
    hashed = uuid.uuid5(uuid.NAMESPACE_OID, given)
    return [hashed] if known is None else [known, hashed]


def id_given(argument: str, given: Any) -> Any:
    """``given``, which names a message. Raises ``InvalidArgument`` if it cannot."""
    if not isinstance(given, uuid.UUID | str) or given == "":  # all messages with an empty id would be one
        what = given if given == "" else f"a {type_name(given.__class__)}"  # an event has content
        raise InvalidArgument(argument, what, "give the event_id of the event, or a text of your own as its dedup_id")
    return given


def row_ids(argument: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """``given``, which name rows. Raises ``InvalidArgument`` if they cannot."""
    for each in given:
        if not isinstance(each, int) or isinstance(each, bool):
            raise InvalidArgument(
                argument, each, "give a number; a message is named by its `id` here, not by that of its event"
            )
    return given


def some_row_ids(argument: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """The same where no row must not mean all of them."""
    if not given:
        raise InvalidArgument(argument, given, "say which, by the `id` of each")
    return row_ids(argument, given)


def look_given(limit: int, after: int, state: MessageState | str | None, topic: Any, key: Any) -> Look:
    """What is to be looked at. Raises ``InvalidArgument`` if nothing can be meant by it."""
    _number("limit", limit)
    _number("after", after)
    if limit < 1:
        raise InvalidArgument("limit", limit, "give 1 or more")
    if state is not None and state not in {*MessageState}:
        raise InvalidArgument("state", state, f"give one of {', '.join(MessageState)}")
    for argument, text in (("topic", topic), ("key", key)):
        if not (text is None or isinstance(text, str)):
            raise InvalidArgument(argument, text, "give a text")
    return Look(limit, after, None if state is None else MessageState(state), topic, key)


def delay_in_seconds(delay: dt.timedelta | float) -> float:
    """How long to wait; what is over is no time at all. Raises ``InvalidArgument`` if no database can count it."""
    seconds: Any = delay.total_seconds() if isinstance(delay, dt.timedelta) else delay
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise InvalidArgument("delay", delay, "give a timedelta, or seconds as a number")
    if not seconds <= _LONGEST_DELAY:  # so that NaN is refused, too
        raise InvalidArgument("delay", delay, "give at most 100 years, or leave it out")
    return max(0.0, float(seconds))


def due(due_at: Any) -> dt.datetime:
    """A time that every database stores. Raises ``InvalidArgument`` if it is none."""
    if not isinstance(due_at, dt.datetime):
        raise InvalidArgument("due_at", due_at, "give a datetime with a time zone")
    if due_at.utcoffset() is None:
        raise InvalidArgument("due_at", due_at, "give a time with a time zone, such as datetime.now(UTC)")
    if due_at >= _LATEST:
        raise InvalidArgument("due_at", due_at, "give a time before the year 9999, which databases can store")
    return max(due_at, _EPOCH)


def _uuid_in(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _number(argument: str, given: Any) -> None:
    if not isinstance(given, int) or isinstance(given, bool):
        raise InvalidArgument(argument, given, "give a number")
