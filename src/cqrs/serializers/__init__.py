"""Step 4: encoding of the bodies of messages: the port, and JSON. Protobuf is in ``cqrs.serializers.protobuf``."""

from cqrs.serializers.default import default_serializer
from cqrs.serializers.json import JsonSerializer
from cqrs.serializers.protocol import Encoded, Serializer

__all__ = ["Encoded", "JsonSerializer", "Serializer", "default_serializer"]
