"""The port of sources, through which consumers receive messages."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Self

from cqrs.message_brokers.protocol import Features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope


class Delivery(abc.ABC):
    """One message, delivered to one consumer, which calls :meth:`ack` or :meth:`nack` once; later calls do nothing.

    ``attempt`` counts the deliveries of this message as far as the broker knows, from 1.
    """

    envelope: Envelope
    attempt: int

    @abc.abstractmethod
    async def ack(self) -> None:
        """Acknowledge the message: it has taken effect and must not be delivered again.

        Raises ``BrokerUnavailable`` during an outage: the message may then be delivered again.
        """

    @abc.abstractmethod
    async def nack(self, delay: float = 0.0) -> None:
        """Give the message back: deliver it again, after ``delay`` seconds as far as the broker supports that."""


class MessageSource(abc.ABC):
    """Receives the messages of some topics, as a member of a group of consumers that share the work.

    Every message is delivered to one member of each group, repeatedly until it is acknowledged. A source reconnects by
    itself; messages that were not acknowledged before are then delivered again. Safe to use from one task at a time.
    """

    features: Features = Features()

    @abc.abstractmethod
    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # how long to wait for the first, not for all
        """The messages that have arrived: at least one if one arrives within ``timeout`` seconds, at most ``limit``.

        Raises ``BrokerUnavailable`` during an outage; call it again.
        """

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge ``deliveries`` of this source, in one call if the broker supports that.

        Raises ``BrokerUnavailable`` during an outage: any of them may then be delivered again.
        """
        for delivery in deliveries:
            await delivery.ack()

    @abc.abstractmethod
    async def start(self) -> None:
        """Join the group. Earlier messages of a durable topic are not lost. Safe to call again."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Leave the group. Unacknowledged messages go to other members. Safe to call again."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()  # `__aexit__` is not called
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
