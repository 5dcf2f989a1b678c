"""The port of serializers."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Encoded(NamedTuple):
    """The body of a message, and what says how to read it."""

    body: bytes
    content_type: str


class Serializer(Protocol):
    """Makes bodies from notifications, and notifications from bodies. Safe to share between tasks."""

    def serialize(self, event: Any) -> Encoded:
        """``event`` as bytes. What it raises reaches whoever publishes the event, before anything is sent."""
        ...

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        """The ``event_type`` in ``body``. Raises ``DeserializeError`` if it is none."""
        ...
