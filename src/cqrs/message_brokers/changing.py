"""Step 5, the base of brokers that change messages on their way to another one."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from cqrs.errors.messages import MessageRejected, UnfitMessage
from cqrs.message_brokers.arguments import as_broker
from cqrs.message_brokers.protocol import MessageBroker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import Message


class ChangingBroker(MessageBroker):
    """Sends through ``broker`` what it makes of each message, and guarantees what that one does."""

    def __init__(self, broker: MessageBroker) -> None:
        self._broker = as_broker(broker, "broker")
        self.features = self._broker.features

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self._broker!r}>"

    async def send_message(self, message: Message) -> None:
        """Send what becomes of ``message``."""
        try:
            envelope = message.to_envelope()
        except UnfitMessage:
            raise
        except Exception as error:
            raise MessageRejected(type(self).__name__, message.message_id, error) from error
        (failure,) = await self.send([envelope])
        if failure is not None:
            raise failure

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send many, as the other one does."""
        return await self._broker.send([self._changed(envelope) for envelope in envelopes])

    async def start(self) -> None:
        """Start the other one."""
        await self._broker.start()

    async def close(self) -> None:
        """Close the other one."""
        await self._broker.close()

    @abc.abstractmethod
    def _changed(self, envelope: Envelope) -> Envelope:
        """What is sent for ``envelope``."""
