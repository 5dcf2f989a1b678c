"""Step 6, the first thing a consumer does: make a message from bytes."""

from cqrs.errors.deserializing import DeserializeError, DeserializeJsonError, DeserializeProtobufError
from cqrs.serializers.json_reader import Deserializable, JsonDeserializer

__all__ = [
    "Deserializable",
    "DeserializeError",
    "DeserializeJsonError",
    "DeserializeProtobufError",
    "JsonDeserializer",
]
