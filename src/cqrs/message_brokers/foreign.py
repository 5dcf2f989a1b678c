"""Envelopes for messages that this package did not send or cannot read; every source makes the same ones.

A message without the header ``message-name`` is *foreign*: its topic becomes its name, so that a type can be registered
for it. A message with a name but without a valid id (a UUID) or version (a number) is *unreadable*: the header
``unreadable`` has the reason, and a ``Consumer`` parks the message instead of handling it.

Both keep their bytes. Their id is made from their position in the broker: it is the same at each delivery and in each
group.
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

DriverMessage = TypeVar("DriverMessage")

_BY_PLACE = uuid.UUID("6c4d3f0e-4a5b-5c36-9a0f-2f6f0d7a7c11")


def read_by(
    read: Callable[[DriverMessage], Envelope], message: DriverMessage, otherwise: Callable[[Exception], Envelope]
) -> Envelope:
    """Make an envelope of ``message`` with the user's function ``read``; if that raises, with ``otherwise``.

    Raises an ``OSError`` of ``read``: it means an outage, not that the message is at fault.
    """
    try:
        envelope: Any = read(message)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # a faulty message must not delay the others
        return otherwise(error)
    if isinstance(envelope, Envelope):
        return envelope
    return otherwise(TypeError(f"{read!r} returned {type(envelope).__name__}, and must return an Envelope"))


def received(
    topic: str, body: bytes, headers: Mapping[str, str], place: str | None, key: str | None = None
) -> Envelope:
    """The envelope that ``headers`` describe, or that of :func:`unread` if they do not describe one."""
    try:
        return Envelope.from_headers(topic, body, headers)
    except InvalidEnvelope as error:
        is_foreign = "message-name" not in headers
        return unread(topic, body, headers, place, None if is_foreign else error, key)


def unread(  # noqa: PLR0913, PLR0917  # all that is known of the message
    topic: str,
    body: bytes,
    headers: Mapping[str, str],
    place: str | None,
    error: Exception | None = None,
    key: str | None = None,
) -> Envelope:
    """The envelope of a foreign message, or of one that could not be read because of ``error``. Never raises.

    ``place`` is the unique position of the message in its broker; without it each delivery gets another id. ``key`` is
    used if the headers have none.
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
    """``value`` of a typed header as text: numbers and times as in JSON, bytes as UTF-8. Never raises."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode(errors="backslashreplace")  # different bytes give different texts
    if isinstance(value, dt.datetime):
        return value.isoformat()
    try:
        return "" if value is None else to_json(value, fallback=str, inf_nan_mode="strings").decode().strip('"')
    except ValueError:
        return str(value)


def _reason(error: Exception) -> str:
    reason = error.reason if isinstance(error, InvalidEnvelope) else error
    try:
        return f"{type(reason).__name__}: {reason}"
    except Exception:  # noqa: BLE001  # the `str` of the error itself raises
        return type(reason).__name__
