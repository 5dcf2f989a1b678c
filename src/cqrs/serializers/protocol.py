"""The port of serializers."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Encoded(NamedTuple):
    """The body of a message with its content type."""

    body: bytes
    content_type: str


class Serializer(Protocol):
    """Encodes notifications as bodies, and decodes them. It must be safe to share between tasks."""

    def serialize(self, event: Any) -> Encoded:
        """Return ``event`` as bytes. An error raised here reaches the publisher of the event; nothing is sent then."""
        ...

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        """Return the ``event_type`` that ``body`` holds. Raises ``DeserializeError`` if it holds no such event."""
        ...
