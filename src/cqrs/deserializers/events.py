"""Step 6, from a message on the wire to its event, whatever it is encoded and compressed by."""

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
    """A function from an envelope to its event, for the ``decode`` of a ``Consumer``.

    ``registry`` gives the type by name and version, ``serializer`` reads the body (JSON without one), ``compressor``
    undoes a ``content-encoding`` of its name; ``zlib`` needs none.
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
        """The event.

        Raises ``UnknownEvent``, and for a wrong body ``UnknownCompression``, ``UnreadableBody`` or ``InvalidEnvelope``.
        """
        event_type = self.registry.type_of(envelope.name, envelope.version)
        try:
            body = unpacked(envelope, envelope.content_encoding, self._compressor).body
            return self._serializer.deserialize(body, envelope.content_type, event_type)
        except DeserializeError as error:
            raise InvalidEnvelope(envelope.topic, envelope.to_headers(), error) from error
