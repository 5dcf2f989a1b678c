"""Step 6: makes messages from the bytes that arrive."""

from cqrs.errors.deserializing import DeserializeError, DeserializeJsonError, DeserializeProtobufError
from cqrs.serializers.json_reader import Deserializable, JsonDeserializer

__all__ = [
    "Deserializable",
    "DeserializeError",
    "DeserializeJsonError",
    "DeserializeProtobufError",
    "JsonDeserializer",
]
