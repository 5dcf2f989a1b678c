"""Make a publisher or a consumer of RabbitMQ from a URL."""

from __future__ import annotations

from typing import Any

from cqrs.message_brokers.amqp.consumer import AMQPConsumer
from cqrs.message_brokers.amqp.publisher import AMQPPublisher

__all__ = ["AMQPConsumer", "AMQPPublisher", "amqp_consumer_factory", "amqp_publisher_factory"]


def amqp_publisher_factory(
    url: str,
    max_connection_pool_size: int = 2,  # noqa: ARG001  # an upper bound
    max_channel_pool_size: int = 10,  # noqa: ARG001  # an upper bound
    **options: Any,
) -> AMQPPublisher:
    """A publisher for ``url``, with the further ``options`` of :class:`AMQPPublisher`.

    The pool sizes are upper bounds, and one channel is enough: it sends all messages as a pipeline, in their order.
    """
    return AMQPPublisher(url, **options)


def amqp_consumer_factory(
    url: str,
    max_connection_pool_size: int = 2,  # noqa: ARG001  # an upper bound
    max_channel_pool_size: int = 10,  # noqa: ARG001  # an upper bound
    **options: Any,
) -> AMQPConsumer:
    """A consumer for ``url``, with the further ``options`` of :class:`AMQPConsumer`; pool sizes are upper bounds."""
    return AMQPConsumer(url, **options)
