"""Accept an object of the user that sends messages and is not a ``MessageBroker``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cqrs._arguments import BROKER, check
from cqrs.message_brokers.protocol import MessageBroker

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import Message


def as_broker(given: Any, argument: str = "message_broker") -> MessageBroker:
    """Return ``given`` if it is a broker, or wrap it if it has ``send_message``; else raise ``InvalidArgument``."""
    if isinstance(given, MessageBroker):
        return given
    check(argument, given, BROKER)
    return _OwnBroker(given)


class _OwnBroker(MessageBroker):
    """Sends one message at a time. A method ``send`` of the object may do anything, so it is not called."""

    def __init__(self, broker: Any) -> None:
        self.features = getattr(broker, "features", type(self).features)
        self._broker = broker

    def __repr__(self) -> str:
        return repr(self._broker)

    @override
    async def send_message(self, message: Message) -> None:
        await self._call("send_message", message)

    @override
    async def start(self) -> None:
        await self._call("start")

    @override
    async def close(self) -> None:
        await self._call("close")

    async def _call(self, name: str, *arguments: Any) -> None:
        method = getattr(self._broker, name, None)
        if method is not None:
            answer = method(*arguments)
            if inspect.isawaitable(answer):
                await answer
