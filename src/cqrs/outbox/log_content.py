"""Step 4, a message as it is written to a log: four bytes for the length of its head, the head as JSON, the body."""

from __future__ import annotations

import json
import struct
import uuid
from typing import TYPE_CHECKING

from cqrs.envelope import Envelope
from cqrs.errors import InvalidEnvelope
from cqrs.outbox.rows import NewRow

if TYPE_CHECKING:
    from typing import Any

PREFIX = "cqrs.outbox"
"""Under which messages stand in the log, unless they are told otherwise."""

_LENGTH = struct.Struct(">I")


def pack(row: NewRow) -> bytes:
    """``row`` as bytes."""
    head: dict[str, Any] = {"topic": row.envelope.topic, "headers": row.envelope.to_headers()}
    if row.compression is not None:
        head["compression"] = row.compression
    text = json.dumps(head).encode()
    return b"".join((_LENGTH.pack(len(text)), text, row.envelope.body))


def unpack(content: bytes) -> NewRow:
    """What was packed. Raises ``InvalidEnvelope`` if it was not."""
    try:
        (length,) = _LENGTH.unpack_from(content)
        head: dict[str, Any] = json.loads(content[4 : 4 + length])
        topic, headers, compression = head["topic"], head["headers"], head.get("compression")
        envelope = Envelope.from_headers(str(topic), content[4 + length :], headers)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidEnvelope("the log", {}, error) from error
    return NewRow(envelope=envelope, compression=compression)


def unreadable(content: bytes) -> NewRow:
    """A message of which nothing can be read, to be kept for an operator."""
    envelope = Envelope(
        message_id=uuid.uuid5(uuid.NAMESPACE_OID, content.hex()),
        name="unreadable",
        topic="unreadable",
        body=content,
        content_type="application/octet-stream",
    )
    return NewRow(envelope=envelope, compression=None)
