"""Step 5, what carries messages to other services: the port."""

from __future__ import annotations

import abc
import dataclasses
import uuid
from typing import Any


@dataclasses.dataclass(frozen=True)
class Message:
    """What a broker is given to send.

    ``message_id`` is the id of the event and stays the same however often it is sent: consumers tell duplicates by
    it. ``payload`` is the whole event as plain values.
    """

    message_name: str
    topic: str
    payload: Any
    message_id: uuid.UUID = dataclasses.field(default_factory=uuid.uuid4)

    def to_dict(self) -> dict[str, Any]:
        """The fields under their names on the wire; ``messageId`` as text."""
        return {
            "messageName": self.message_name,
            "messageId": str(self.message_id),
            "topic": self.topic,
            "payload": self.payload,
        }


class MessageBroker(abc.ABC):
    """Sends messages. Safe to share between tasks."""

    @abc.abstractmethod
    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, the broker has it; when it raises, the broker may or may not have it."""
