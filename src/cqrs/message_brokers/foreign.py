"""Step 6, the messages that this package did not send, or cannot read: the same form from every source.

A message without ``message-name`` is *foreign*: its name is its topic, so that a type can be registered for it. One
that has a name and cannot be read all the same (it has no id or one that is no UUID, its version is no number) is
*unreadable*: the header ``unreadable`` says why, and a ``Consumer`` parks it where it would have handled it.

Either has its bytes, and an id made from its place, which is the same at each delivery and in each group.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import to_json

from cqrs.envelope import JSON, UNREADABLE, WIRE_HEADERS, Envelope, compression
from cqrs.errors.messages import InvalidEnvelope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Message = TypeVar("Message")

_BY_PLACE = uuid.UUID("6c4d3f0e-4a5b-5c36-9a0f-2f6f0d7a7c11")


def read_by(
    read: Callable[[Message], Envelope], message: Message, otherwise: Callable[[Exception], Envelope]
) -> Envelope:
    """What a function of the user makes of ``message``, or what stands for it if that raises.

    An ``OSError`` says nothing about the message, but that something is away, and is raised.
    """
    try:
        envelope: Any = read(message)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # a message at fault must not hold up the others
        return otherwise(error)
    if isinstance(envelope, Envelope):
        return envelope
    return otherwise(TypeError(f"{read!r} returned {type(envelope).__name__}, and must return an Envelope"))


def received(
    topic: str, body: bytes, headers: Mapping[str, str], place: str | None, key: str | None = None
) -> Envelope:
    """The envelope that arrived, or what stands for it if its headers do not describe one: see :func:`unread`."""
    try:
        return Envelope.from_headers(topic, body, headers)
    except InvalidEnvelope as error:
        is_foreign = "message-name" not in headers
        return unread(topic, body, headers, place, None if is_foreign else error, key)


def unread(  # noqa: PLR0913, PLR0917  # what is known of it
    topic: str,
    body: bytes,
    headers: Mapping[str, str],
    place: str | None,
    error: Exception | None = None,
    key: str | None = None,
) -> Envelope:
    """What stands for a foreign message, or for one that ``error`` has kept from being read. Never raises.

    ``place`` tells it from all other messages, at each delivery; without one its id is another each time. ``key`` is
    used where the headers hold none.
    """
    rest = {name: value for name, value in headers.items() if name not in WIRE_HEADERS}
    if error is not None:
        rest[UNREADABLE] = _reason(error)
    return Envelope(
        message_id=uuid.uuid4() if place is None else uuid.uuid5(_BY_PLACE, place),
        name=headers.get("message-name") or topic,
        topic=topic,
        body=body,
        key=headers.get("message-key", key),
        content_type=headers.get("content-type", JSON),
        content_encoding=compression(headers.get("content-encoding")),
        headers=rest,
    )


def text_of(value: Any) -> str:
    """``value`` of a typed header as text: numbers and times as JSON has them, bytes as UTF-8. Never raises."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode(errors="backslashreplace")  # no two become one
    if isinstance(value, dt.datetime):
        return value.isoformat()
    try:
        return "" if value is None else to_json(value, fallback=str, inf_nan_mode="strings").decode().strip('"')
    except ValueError:
        return str(value)


def _reason(error: Exception) -> str:
    said = error.reason if isinstance(error, InvalidEnvelope) else error
    try:
        return f"{type(said).__name__}: {said}"
    except Exception:  # noqa: BLE001  # an error that cannot say what it is
        return type(said).__name__
