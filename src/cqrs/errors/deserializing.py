"""What stands in for a message that cannot be read."""

from __future__ import annotations

from cqrs.errors.root import CQRSError


class DeserializeError(CQRSError):
    """Bytes are not the message they should be.

    ``error_message`` says what is wrong, without a value of the message. ``error_type`` is the class of the error that
    was met. ``message_data`` is what could not be read, for a consumer that sets such messages aside.
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
    """It is not the JSON it should be. :class:`~cqrs.deserializers.json.JsonDeserializer` returns it."""


class DeserializeProtobufError(DeserializeError):
    """It is not the protobuf it should be. :class:`~cqrs.deserializers.protobuf.ProtobufDeserializer` returns it."""
