"""Step 6, the first thing a consumer does: make a message from bytes."""

from cqrs.deserializers.exceptions import DeserializeError, DeserializeJsonError, DeserializeProtobufError
from cqrs.deserializers.json import Deserializable, JsonDeserializer

__all__ = [
    "Deserializable",
    "DeserializeError",
    "DeserializeJsonError",
    "DeserializeProtobufError",
    "JsonDeserializer",
]
