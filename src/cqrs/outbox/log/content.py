"""Step 4, a message as it is written to a log: four bytes for the length of its head, the head as JSON, the body."""

from __future__ import annotations

import dataclasses
import json
import struct
import uuid
from typing import TYPE_CHECKING

from cqrs.envelope import Envelope
from cqrs.errors.messages import InvalidEnvelope
from cqrs.outbox.log.protocol import Diverted
from cqrs.outbox.rows import NewRow

if TYPE_CHECKING:
    from typing import Any

PREFIX = "cqrs.outbox"
"""The default prefix of messages in the log."""

_LENGTH = struct.Struct(">I")
# What the table of an outbox holds: characters, and versions from -_VERSIONS on.
_FITS = {"topic": 255, "name": 255, "key": 255, "content_type": 100}
_COMPRESSION = 32
_VERSIONS = 2**31


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
        texts = (topic, "" if compression is None else compression, *headers.values())
        envelope = Envelope.from_headers(topic, content[4 + length :], headers)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidEnvelope("the log", {}, error) from error
    if not all(isinstance(text, str) for text in texts):
        raise InvalidEnvelope("the log", {}, TypeError("topic, compression and headers must be text"))
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


def fit_for_table(diverted: Diverted) -> Diverted:
    """Return ``diverted``, or a stand-in with its bytes for an operator if the columns of the table cannot hold it."""
    row = diverted.row
    unfit = [name for name, length in _FITS.items() if not _fits(getattr(row.envelope, name), length)]
    if not _fits(row.compression, _COMPRESSION):
        unfit.append("compression")
    if not -_VERSIONS <= row.envelope.version < _VERSIONS:
        unfit.append("version")
    if not unfit:
        return diverted
    kept = unreadable(pack(row))
    key = None if "key" in unfit else row.envelope.key  # later messages with this key must still wait behind it
    kept = dataclasses.replace(kept, envelope=dataclasses.replace(kept.envelope, key=key))
    return Diverted(kept, f"no table holds its {' and '.join(unfit)}; {diverted.error or 'it is behind another'}")


def _fits(text: str | None, length: int) -> bool:
    if text is None:
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return len(text) <= length and "\0" not in text
