"""The established path of ``ProtobufDeserializer``, which is in :mod:`cqrs.serializers.protobuf_reader`."""

from cqrs.serializers.protobuf_reader import ProtobufDeserializer

__all__ = ["ProtobufDeserializer"]
