"""Bodies in JSON, which is what travels if nobody says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from cqrs._sendable import refuse_hidden
from cqrs.deserializers.exceptions import DeserializeJsonError
from cqrs.deserializers.json import JsonDeserializer
from cqrs.envelope import JSON, encoded
from cqrs.serializers.protocol import Encoded

if TYPE_CHECKING:
    from cqrs.serializers.protocol import Serializer


class JsonSerializer:
    """The whole event as a JSON object. It tries to read every body as JSON, whatever its content type says."""

    def __init__(self) -> None:
        self._read: dict[type, JsonDeserializer[Any]] = {}

    def serialize(self, event: Any) -> Encoded:
        """``to_dict()`` of the event as JSON. Raises ``UnfitMessage`` for NaN and infinity, which it does not have."""
        values = event.to_dict()
        body = encoded(values)
        if b"null" in body and not isinstance(event, BaseModel):  # whose values hold no models, which would hide it
            refuse_hidden(event.event_name, values)
        return Encoded(body, JSON)

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        """The event. Raises ``DeserializeJsonError``."""
        read = self._read.get(event_type)
        if read is None:
            read = self._read[event_type] = JsonDeserializer(event_type)
        event: Any = read(body)
        if event is None:
            event = DeserializeJsonError("empty", ValueError, body)
        if isinstance(event, DeserializeJsonError):
            event.add_note(f"Its content type is {content_type}.")
            raise event
        return event


if TYPE_CHECKING:
    _: Serializer = JsonSerializer()
