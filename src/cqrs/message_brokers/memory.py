"""Step 5, a broker in memory: the reference for the others, and the one for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.message_brokers.protocol import MessageBroker

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import Message


class MemoryMessageBroker(MessageBroker):
    """Keeps what was sent, in the order of sending, until the process ends."""

    def __init__(self) -> None:
        self._sent: list[Message] = []

    @property
    def sent(self) -> tuple[Message, ...]:
        """Everything that was sent so far."""
        return tuple(self._sent)

    def topic(self, name: str) -> tuple[Message, ...]:
        """What was sent to the topic ``name``."""
        return tuple(message for message in self._sent if message.topic == name)

    async def send_message(self, message: Message) -> None:
        """Keep ``message``."""
        self._sent.append(message)
