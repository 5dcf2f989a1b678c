"""The established path of these names, which are in :mod:`cqrs.serializers.json_reader`."""

from cqrs.serializers.json_reader import Deserializable, JsonDeserializer

__all__ = ["Deserializable", "JsonDeserializer"]
