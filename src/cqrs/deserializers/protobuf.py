"""Kept for existing imports: ``ProtobufDeserializer`` is defined in :mod:`cqrs.serializers.protobuf_reader`."""

from cqrs.serializers.protobuf_reader import ProtobufDeserializer

__all__ = ["ProtobufDeserializer"]
