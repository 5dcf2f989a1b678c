"""Step 5, a broker of the user's own that is no ``MessageBroker``, where it is handed over."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from cqrs._arguments import BROKER, check
from cqrs.message_brokers.protocol import MessageBroker

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import Message


def as_broker(given: Any, argument: str = "message_broker") -> MessageBroker:
    """``given`` if it is a broker, or a broker around it if it can send a message; else raise ``InvalidArgument``."""
    if isinstance(given, MessageBroker):
        return given
    check(argument, given, BROKER)
    return _OwnBroker(given)


class _OwnBroker(MessageBroker):
    """Sends one message after the other. A ``send`` of such an object may be anything, so it is not called."""

    def __init__(self, broker: Any) -> None:
        self.features = getattr(broker, "features", type(self).features)
        self._broker = broker

    def __repr__(self) -> str:
        """The user's."""
        return repr(self._broker)

    async def send_message(self, message: Message) -> None:
        """Send ``message``."""
        await self._call("send_message", message)

    async def start(self) -> None:
        """Start it, if there is something to start."""
        await self._call("start")

    async def close(self) -> None:
        """Close it, if there is something to close."""
        await self._call("close")

    async def _call(self, name: str, *arguments: Any) -> None:
        method = getattr(self._broker, name, None)
        if method is not None:
            answer = method(*arguments)
            if inspect.isawaitable(answer):
                await answer
