"""Step 6, what messages arrive through: the port of consumers."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Self

from cqrs.message_brokers.protocol import Features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope


class Delivery(abc.ABC):
    """One message, delivered to one consumer, which says once what became of it. A second word changes nothing.

    ``attempt`` counts the deliveries of this message as far as the broker knows, from 1.
    """

    envelope: Envelope
    attempt: int

    @abc.abstractmethod
    async def ack(self) -> None:
        """It has taken effect and must not come again.

        Raises ``BrokerUnavailable`` if that cannot be said now: the message may then come again.
        """

    @abc.abstractmethod
    async def nack(self, delay: float = 0.0) -> None:
        """It has not taken effect and must come again, after ``delay`` seconds as far as the broker can wait."""


class MessageSource(abc.ABC):
    """Receives the messages of some topics, as a member of a group of consumers that share the work.

    Every message is delivered to one member of each group, again and again until it is acknowledged. Reconnects by
    itself; what was delivered and not acknowledged before comes again. Safe to use from one task at a time.
    """

    features: Features = Features()

    @abc.abstractmethod
    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # how long to wait for the first, not for all
        """What has arrived: at least one message if there is one within ``timeout`` seconds, at most ``limit``.

        Raises ``BrokerUnavailable`` during an outage; call it again.
        """

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge some of its ``deliveries``, together where the broker can do that; others are told one by one.

        Raises ``BrokerUnavailable`` if that cannot be said of each: any of them may then come again.
        """
        for delivery in deliveries:
            await delivery.ack()

    @abc.abstractmethod
    async def start(self) -> None:
        """Join the group. What is sent to a durable topic before is not lost. Safe to call again."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Leave the group. What is not acknowledged goes to other members. Safe to call again."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()  # nobody else will
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
