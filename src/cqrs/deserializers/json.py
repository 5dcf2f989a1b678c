"""Kept for existing imports: these names are defined in :mod:`cqrs.serializers.json_reader`."""

from cqrs.serializers.json_reader import Deserializable, JsonDeserializer

__all__ = ["Deserializable", "JsonDeserializer"]
