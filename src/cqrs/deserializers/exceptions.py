"""Kept for existing imports: these names are defined in :mod:`cqrs.errors.deserializing`."""

from cqrs.errors.deserializing import DeserializeError, DeserializeJsonError, DeserializeProtobufError

__all__ = ["DeserializeError", "DeserializeJsonError", "DeserializeProtobufError"]
