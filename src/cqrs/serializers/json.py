"""Bodies in JSON, which is what travels if nobody says otherwise."""

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
    """The whole event as a JSON object. It tries to read every body as JSON, whatever its content type says."""

    def __init__(self) -> None:
        self._read: dict[type, JsonDeserializer[Any]] = {}

    def serialize(self, event: Any) -> Encoded:
        """The event as JSON, as pydantic writes it, under its aliases; of other classes it is what ``to_dict()`` gives.

        Raises ``UnfitMessage`` for what JSON does not have: NaN, infinity, half a character, an object of another kind.
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
        if b"null" in body:  # a model would write that for them
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
