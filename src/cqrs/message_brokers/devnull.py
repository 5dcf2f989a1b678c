"""Step 5, a broker that says yes to everything and keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.message_brokers.protocol import MessageBroker

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import Message


class DevnullMessageBroker(MessageBroker):
    """Discards every message: for an application that publishes nothing, and means it."""

    async def send_message(self, message: Message) -> None:
        """Discard ``message``. What others could not carry is refused, as they do."""
        message.to_envelope()
