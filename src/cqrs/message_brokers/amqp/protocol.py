"""The protocols of publishers and consumers for RabbitMQ, for implementations of your own.

Messages have the types of aio-pika; they are ``Any`` here, because this module imports no driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class AMQPPublisher(Protocol):
    """Sends messages to RabbitMQ."""

    async def publish(self, message: Any, queue_name: str, exchange_name: str) -> None:
        """Return when the server has confirmed ``message``; raise ``BrokerUnavailable`` or ``MessageRejected``."""
        ...


class AMQPConsumer(Protocol):
    """Receives messages from RabbitMQ."""

    async def consume(self, handler: Callable[[Any], Awaitable[None]], queue_name: str) -> None:
        """Call ``handler`` with every message of the queue, until this is cancelled."""
        ...
