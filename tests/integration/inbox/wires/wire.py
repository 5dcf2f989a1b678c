"""What these tests ask of a broker."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource


class BrokerWire(abc.ABC):
    """One topic at ``address``. Open it with ``async with`` to send."""

    broker: MessageBroker

    def __init__(self, address: str, topic: str) -> None:
        self.address = address
        self.topic = topic
        self.broker = self.sender()

    async def __aenter__(self) -> Self:
        await self.prepare()
        await self.broker.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.broker.close()

    async def send(self, envelopes: Sequence[Envelope]) -> None:
        """Returns when the broker has confirmed them all."""
        assert not any(await self.broker.send(envelopes))

    async def prepare(self) -> None:  # noqa: B027  # most brokers need nothing
        """Make what has to be there before the first message is sent."""

    @abc.abstractmethod
    def sender(self) -> MessageBroker: ...

    @abc.abstractmethod
    def source(self, group: str, member: str) -> MessageSource:
        """One that is given again, in its order and soon, what ``member`` of this group had when it died.

        Without ``member`` the group finds out by itself that a member has died; its messages may then come late.
        """

    @abc.abstractmethod
    async def nothing_left(self, group: str, worker: asyncio.subprocess.Process) -> None:
        """Returns when the group has acknowledged everything.

        ``worker`` is its only member now, and has handled what was sent last.
        """
