"""Between steps 5 and 6, the wire: the message that every broker carries.

The body is what consumers decode: the whole event as JSON, unless the sender has encoded it otherwise. What can be read
without the application's classes is in fields of its own, and travels in headers:

=====================  ==================================================================================
``message-id``         the id of the event; the same however often it is delivered
``message-name``       the name of the event
``message-version``    the version of its schema, from 1
``message-key``        messages with the same key keep their order; absent for a message without a key
``content-type``       how the body is encoded, ``application/json`` by default
``content-encoding``   how it is compressed; absent if it is not (``identity`` and ``utf-8`` also mean uncompressed)
=====================  ==================================================================================

Other ``headers`` travel unchanged; by convention these are ``correlation-id``, ``causation-id`` and ``traceparent``.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic_core import from_json, to_json

from cqrs.errors.messages import InvalidEnvelope

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"

WIRE_HEADERS = frozenset(
    {"message-id", "message-name", "message-version", "message-key", "content-type", "content-encoding"}
)
"""The names above."""

UNREADABLE = "unreadable"
"""The header in which a source puts the reason why a named message cannot be read. Such a message is never handled."""

_NOT_COMPRESSED = frozenset({"", "identity", "utf-8", "utf8", "us-ascii", "ascii", "binary"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message as bytes, with all that is needed to carry it. It can be handled without the application's classes."""

    _cqrs_may_be_absent: ClassVar[bool] = True  # a handler may ask for ``Envelope | None``

    message_id: uuid.UUID
    name: str
    topic: str
    body: bytes
    key: str | None = None
    version: int = 1
    content_type: str = JSON
    content_encoding: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])

    def to_headers(self) -> dict[str, str]:
        """Everything but topic and body, as text under the names above."""
        named = {
            "message-id": str(self.message_id),
            "message-name": self.name,
            "message-version": str(self.version),
            "message-key": self.key,
            "content-type": self.content_type,
            "content-encoding": self.content_encoding,
        }
        return {**self.headers, **{name: value for name, value in named.items() if value is not None}}

    @classmethod
    def from_headers(cls, topic: str, body: bytes, headers: Mapping[str, str]) -> Self:
        """Make the envelope of a message that arrived. Raises ``InvalidEnvelope`` if the headers do not identify it."""
        rest = dict(headers)
        try:
            return cls(
                message_id=uuid.UUID(rest.pop("message-id")),
                name=rest.pop("message-name"),
                topic=topic,
                body=body,
                key=rest.pop("message-key", None),
                version=int(rest.pop("message-version", "1")),
                content_type=rest.pop("content-type", JSON),
                content_encoding=compression(rest.pop("content-encoding", None)),
                headers=rest,
            )
        except (KeyError, ValueError) as error:
            raise InvalidEnvelope(topic, dict(headers), error) from error

    def json(self) -> Any:
        """Return the body as plain values. Raises ``InvalidEnvelope`` if it is not JSON."""
        try:
            return from_json(self.body)
        except ValueError as error:
            raise InvalidEnvelope(self.topic, self.to_headers(), error) from error


def compression(content_encoding: str | None) -> str | None:
    """Return the compression that ``content_encoding`` names; ``None`` for the names that mean uncompressed."""
    if content_encoding is None or content_encoding.strip().lower() in _NOT_COMPRESSED:
        return None
    return content_encoding


def encoded(payload: Any) -> bytes:
    """Return ``payload`` as JSON, or bytes unchanged. Ids, times, decimals, models and dataclasses are supported."""
    return payload if isinstance(payload, bytes) else to_json(payload)
