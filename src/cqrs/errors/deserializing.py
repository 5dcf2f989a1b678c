"""Errors that deserializers return in place of a message that cannot be read."""

from __future__ import annotations

from cqrs.errors.root import CQRSError


class DeserializeError(CQRSError):
    """Bytes are not the expected message.

    ``error_message`` is the reason, without a value of the message. ``error_type`` is the class of the original error.
    ``message_data`` is the text or the bytes that could not be read.
    """

    def __init__(self, error_message: str, error_type: type[Exception], message_data: str | bytes | None) -> None:
        self.error_message = error_message
        self.error_type = error_type
        self.message_data = message_data
        super().__init__(
            f"A message could not be read, it is {error_message}: correct what sends it. A consumer keeps it parked, "
            "with its bytes: drop it there once its sender is corrected."
        )


class DeserializeJsonError(DeserializeError):
    """Bytes are not the expected JSON. :class:`~cqrs.deserializers.json.JsonDeserializer` returns it."""


class DeserializeProtobufError(DeserializeError):
    """Bytes are not the expected protobuf. :class:`~cqrs.deserializers.protobuf.ProtobufDeserializer` returns it."""
