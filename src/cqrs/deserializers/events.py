"""Step 6: makes the event from a message on the wire, whatever its encoding and compression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._arguments import COMPRESSOR, REGISTRY, SERIALIZER, check, check_given
from cqrs.errors.deserializing import DeserializeError
from cqrs.errors.messages import InvalidEnvelope
from cqrs.outbox.rows import unpacked
from cqrs.serializers.json import JsonSerializer

if TYPE_CHECKING:
    from cqrs.compressors.protocol import Compressor
    from cqrs.envelope import Envelope
    from cqrs.events.registry import EventRegistry
    from cqrs.serializers.protocol import Serializer


class EventDecoder:
    """A callable that makes the event from an envelope, for the ``decode`` of a ``Consumer``.

    ``registry`` finds the class by name and version. ``serializer`` reads the body, by default as JSON. ``compressor``
    decompresses a body whose ``content-encoding`` is its name; ``zlib`` is decompressed without one.
    """

    def __init__(
        self, registry: EventRegistry, serializer: Serializer | None = None, compressor: Compressor | None = None
    ) -> None:
        check("registry", registry, REGISTRY)
        check_given("serializer", serializer, SERIALIZER)
        check_given("compressor", compressor, COMPRESSOR)
        self.registry = registry
        self._serializer = serializer or JsonSerializer()
        self._compressor = compressor

    def __call__(self, envelope: Envelope) -> Any:
        """Return the event.

        Raises ``UnknownEvent`` if ``registry`` does not know it, and for a body that cannot be read
        ``UnknownCompression``, ``UnreadableBody`` or ``InvalidEnvelope``.
        """
        event_type = self.registry.type_of(envelope.name, envelope.version)
        try:
            body = unpacked(envelope, envelope.content_encoding, self._compressor).body
            return self._serializer.deserialize(body, envelope.content_type, event_type)
        except DeserializeError as error:
            raise InvalidEnvelope(envelope.topic, envelope.to_headers(), error) from error
