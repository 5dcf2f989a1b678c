"""Step 5, smaller messages over any broker: a broker that compresses for the one it wraps."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from cqrs.compressors.protocol import name_of
from cqrs.errors import MessageRejected
from cqrs.message_brokers.protocol import Features, MessageBroker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.compressors.protocol import Compressor
    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import Message

__all__ = ["CompressedBroker"]


class CompressedBroker(MessageBroker):
    """Sends bodies compressed through ``broker``, and guarantees what that one does.

    The ``content-encoding`` of a compressed message is the name of ``compressor``; an ``EventDecoder`` undoes it. What
    has less than ``at_least`` bytes, gets no smaller, or is compressed already stays as it is.
    """

    def __init__(self, broker: MessageBroker, compressor: Compressor, *, at_least: int = 1024) -> None:
        self._broker = broker
        self._compressor = compressor
        self._at_least = at_least

    @property
    def features(self) -> Features:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        """What the wrapped one guarantees."""
        return self._broker.features

    async def send_message(self, message: Message) -> None:
        """Send ``message``, compressed."""
        try:
            envelope = message.to_envelope()
        except Exception as error:
            raise MessageRejected("Compression", message.message_id, error) from error
        (failure,) = await self.send([envelope])
        if failure is not None:
            raise failure

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send many, as the wrapped one does."""
        return await self._broker.send([self._compressed(envelope) for envelope in envelopes])

    async def start(self) -> None:
        """Start the wrapped one."""
        await self._broker.start()

    async def close(self) -> None:
        """Close the wrapped one."""
        await self._broker.close()

    def _compressed(self, envelope: Envelope) -> Envelope:
        if envelope.content_encoding is not None or len(envelope.body) < self._at_least:
            return envelope
        body = self._compressor.compress(envelope.body)
        if len(body) >= len(envelope.body):
            return envelope
        return dataclasses.replace(envelope, body=body, content_encoding=name_of(self._compressor))
