"""Step 4, what an outbox stores of a message: bytes and headers, so that it can be forwarded without its class."""

from __future__ import annotations

import dataclasses
import json
import zlib
from typing import TYPE_CHECKING, Any, cast

from cqrs._messages.limits import sendable, storable
from cqrs.compressors.protocol import name_of
from cqrs.compressors.zlib import ZlibCompressor
from cqrs.context import headers_of
from cqrs.envelope import UNREADABLE, Envelope
from cqrs.errors.messages import UnknownCompression, UnreadableBody, UnreadableRow
from cqrs.errors.root import CQRSError
from cqrs.outbox.arguments import id_given, message_id_of

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Mapping

    from cqrs.compressors.protocol import Compressor
    from cqrs.events.registry import EventName
    from cqrs.outbox.event import EventStatus
    from cqrs.serializers.protocol import Serializer

PARTITIONS = 64
"""Keys are spread over so many partitions; stored rows hold the number of theirs, so it never changes."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """A message to be stored. Its body is compressed already, by ``compression``."""

    envelope: Envelope
    compression: str | None
    delay: float | None = None
    due_at: dt.datetime | None = None

    @property
    def partition(self) -> int:
        """The same for all messages of one key, in every process and for ever."""
        key = self.envelope.key
        return zlib.crc32(self.envelope.message_id.bytes if key is None else key.encode()) % PARTITIONS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TakenRow:
    """A stored message that was taken; ``fence`` is another number each time that it is taken."""

    id: int
    envelope: Envelope
    compression: str | None
    status: EventStatus
    attempts: int
    fence: int


@dataclasses.dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of a message for the loop that took it as ``fence``; ``None`` if the caller did not take it.

    ``error`` is why the broker rejects it, if it does.
    """

    id: int
    fence: int | None
    status: EventStatus
    error: str | None = None


def envelope_of(  # noqa: PLR0913  # the parts of a message
    event: Any,
    name: EventName,
    serializer: Serializer,
    *,
    key: str | None,
    headers: Mapping[str, str] | None,
    dedup_id: uuid.UUID | str | None,
) -> Envelope:
    """The notification ``event`` as bytes, in the form in which a broker sends it.

    ``key`` and ``headers`` take precedence over attributes of the event, and these over the context of the turn.
    """
    body, content_type = serializer.serialize(event)
    given = event.event_id if dedup_id is None else id_given("dedup_id", dedup_id)
    return sendable(
        Envelope(
            message_id=message_id_of(given),
            name=name.name,
            version=name.version,
            topic=event.topic,
            body=body,
            content_type=content_type,
            key=event.message_key if key is None else key,
            headers=headers_of(name.name, event, headers),
        )
    )


def packed(envelope: Envelope, compressor: Compressor | None) -> tuple[Envelope, str | None]:
    """The envelope as it is stored, and what its body was compressed by. Raises ``UnfitMessage`` if it is too large."""
    if compressor is not None:
        envelope = dataclasses.replace(envelope, body=compressor.compress(envelope.body))
    storable(envelope.name, envelope.body)
    return envelope, None if compressor is None else name_of(compressor)


def headers_stored(text: str) -> dict[str, Any]:
    """Headers as a row holds them. Of such as cannot be read only the reason, as ``UNREADABLE``: others can go on."""
    try:
        headers: Any = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        return {UNREADABLE: f"its headers are no JSON, {type(error).__name__}"}
    if not isinstance(headers, dict):
        return {UNREADABLE: "its headers are JSON, and no object"}
    return cast("dict[str, Any]", headers)


def unpacked(envelope: Envelope, compression: str | None, compressor: Compressor | None) -> Envelope:
    """The envelope as it was before it was stored.

    Raises ``UnreadableRow``, ``UnknownCompression`` and ``UnreadableBody``.
    """
    if UNREADABLE in envelope.headers:
        raise UnreadableRow(str(envelope.headers[UNREADABLE]))
    if compression is None:
        return envelope
    if compressor is None or name_of(compressor) != compression:
        if compression != ZlibCompressor.name:
            raise UnknownCompression(compression)
        compressor = ZlibCompressor()
    try:
        return dataclasses.replace(envelope, body=compressor.decompress(envelope.body))
    except CQRSError:
        raise
    except Exception as error:  # a compressor may raise anything
        raise UnreadableBody(compression, error) from error


def scheduled_share(limit: int) -> int:
    """How many of ``limit`` messages may be such that had to wait, so that neither kind keeps out the other."""
    return max(1, limit // 2)
