"""Bodies in protobuf, for events with methods ``proto`` and ``from_proto``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._renamed import renamed_parameters
from cqrs.errors.events import ProtobufNotImplemented
from cqrs.serializers.json import JsonSerializer
from cqrs.serializers.protobuf_reader import ProtobufDeserializer
from cqrs.serializers.protocol import Encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqrs.serializers.protocol import Serializer

__all__ = ["PROTOBUF", "ProtobufSerializer"]

PROTOBUF = "application/protobuf"
_ALSO = ("application/x-protobuf", "application/vnd.google.protobuf")


class ProtobufSerializer:
    """Encodes an event as what its ``proto()`` returns, and decodes it by ``from_proto()``.

    Events without ``proto()`` are encoded by ``fallback``; without that, ``ProtobufNotImplemented`` is raised. Bodies
    of another content type than protobuf are read by ``fallback``, or else as JSON.

    To read, the generated class of an event type must be known: from ``generated``, or from the annotation of what
    ``proto()`` returns. ``content_type`` is the one that is sent; the three usual ones can be read.
    """

    @renamed_parameters("ProtobufSerializer", otherwise="fallback")
    def __init__(
        self,
        generated: Mapping[type[Any], type[Any]] | None = None,
        *,
        fallback: Serializer | None = None,
        content_type: str = PROTOBUF,
    ) -> None:
        self._generated = dict(generated or {})
        self._fallback = fallback
        self._others = fallback or JsonSerializer()
        self._content_type = content_type
        self._known = {PROTOBUF, *_ALSO, _media(content_type)}
        self._read: dict[type, ProtobufDeserializer[Any]] = {}

    def serialize(self, event: Any) -> Encoded:
        """Return the event as bytes. Raises ``ProtobufNotImplemented``, and what ``proto()`` and protobuf raise."""
        try:
            message = event.proto()
        except ProtobufNotImplemented:
            if self._fallback is None:
                raise
            return self._fallback.serialize(event)
        return Encoded(message.SerializeToString(), self._content_type)

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        """Return the event. Raises ``DeserializeError``, and ``WiringError`` if the generated class is not known."""
        if _media(content_type) not in self._known:
            return self._others.deserialize(body, content_type, event_type)
        read = self._read.get(event_type)
        if read is None:
            read = self._read[event_type] = ProtobufDeserializer(event_type, self._generated.get(event_type))
        return read.event(body)


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


if TYPE_CHECKING:
    _: Serializer = ProtobufSerializer()
