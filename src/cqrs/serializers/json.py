"""Bodies in JSON, the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError

from cqrs._messages.limits import refuse_hidden
from cqrs._messages.message import PydanticMessage
from cqrs._text import shown
from cqrs.envelope import JSON, encoded
from cqrs.errors.deserializing import DeserializeJsonError
from cqrs.errors.messages import UnfitMessage
from cqrs.serializers.json_reader import JsonDeserializer
from cqrs.serializers.protocol import Encoded

if TYPE_CHECKING:
    from cqrs.serializers.protocol import Serializer


class JsonSerializer:
    """Encodes the whole event as a JSON object. It reads every body as JSON, whatever its content type."""

    def __init__(self) -> None:
        self._read: dict[type, JsonDeserializer[Any]] = {}

    def serialize(self, event: Any) -> Encoded:
        """Return the event as JSON: pydantic models by alias, events of other classes as ``to_dict()`` returns them.

        Raises ``UnfitMessage`` for what JSON cannot represent: NaN, infinity, a lone surrogate, an unknown object.
        """
        values = event
        try:
            if event.__class__.to_dict is PydanticMessage.to_dict:
                body: bytes = event.__pydantic_serializer__.to_json(event, by_alias=True)
            else:
                values = event.to_dict()
                body = encoded(values)
        except PydanticSerializationError as error:
            remedy = "give texts, numbers, lists, dictionaries, models and dataclasses, or a serializer of your own"
            raise UnfitMessage(event.event_name, "payload", f"cannot be JSON ({shown(str(error))})", remedy) from error
        if b"null" in body:  # a model writes null for NaN and infinity
            refuse_hidden(event.event_name, values)
        return Encoded(body, JSON)

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        """Return the event. Raises ``DeserializeJsonError`` if ``body`` is not such an event."""
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
