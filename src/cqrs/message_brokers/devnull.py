"""A broker that accepts every message and drops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.message_brokers.protocol import MessageBroker

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import Message


class DevnullMessageBroker(MessageBroker):
    """Drops every message, for an application that publishes nothing on purpose."""

    async def send_message(self, message: Message) -> None:
        """Drop ``message``. Raises ``UnfitMessage`` for one that other brokers could not carry."""
        message.to_envelope()
