"""The established path of these names, which are in :mod:`cqrs.errors.deserializing`."""

from cqrs.errors.deserializing import DeserializeError, DeserializeJsonError, DeserializeProtobufError

__all__ = ["DeserializeError", "DeserializeJsonError", "DeserializeProtobufError"]
