"""Step 6, the first thing a consumer does: make a message from bytes."""

from cqrs.deserializers.exceptions import DeserializeJsonError
from cqrs.deserializers.json import Deserializable, JsonDeserializer

__all__ = ["Deserializable", "DeserializeJsonError", "JsonDeserializer"]
