"""Steps 5 and 6, what a broker needs of an adapter: bring your own by having these methods.

Messages are those of aio-pika, whatever it calls them: nothing here imports a driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class AMQPPublisher(Protocol):
    """Sends to RabbitMQ."""

    async def publish(self, message: Any, queue_name: str, exchange_name: str) -> None:
        """Return when the server has confirmed ``message``; raise ``BrokerUnavailable`` or ``MessageRejected``."""
        ...


class AMQPConsumer(Protocol):
    """Receives from RabbitMQ."""

    async def consume(self, handler: Callable[[Any], Awaitable[None]], queue_name: str) -> None:
        """Hand every message of the queue to ``handler``, until this is cancelled."""
        ...
