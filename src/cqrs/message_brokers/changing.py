"""The base class of brokers that change messages and send them through another broker."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from typing_extensions import override

from cqrs.errors.messages import MessageRejected, UnfitMessage
from cqrs.message_brokers.arguments import as_broker
from cqrs.message_brokers.protocol import MessageBroker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import Message


class ChangingBroker(MessageBroker):
    """Changes each message and sends it through ``broker``; has the guarantees of ``broker``."""

    def __init__(self, broker: MessageBroker) -> None:
        self._broker = as_broker(broker, "broker")
        self.features = self._broker.features

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self._broker!r}>"

    async def send_message(self, message: Message) -> None:
        """Change ``message`` and send it. Raises what the wrapped broker raises."""
        try:
            envelope = message.to_envelope()
        except UnfitMessage:
            raise
        except Exception as error:
            raise MessageRejected(type(self).__name__, message.message_id, error) from error
        (failure,) = await self.send([envelope])
        if failure is not None:
            raise failure

    @override
    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        return await self._broker.send([self._changed(envelope) for envelope in envelopes])

    @override
    async def start(self) -> None:
        await self._broker.start()

    @override
    async def close(self) -> None:
        await self._broker.close()

    @abc.abstractmethod
    def _changed(self, envelope: Envelope) -> Envelope:
        """The envelope to send in place of ``envelope``."""
