"""The page of guarantees agrees with the features that brokers declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.kafka.source import KafkaMessageSource
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.redis.source import RedisMessageSource
from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from cqrs.message_brokers.source import MessageSource

PAGE = (ROOT / "docs" / "explanation" / "what-is-guaranteed.md").read_text()
TABLE = [line.strip("| ").split(" | ") for line in PAGE.partition("### Which broker\n")[2].splitlines() if "|" in line]
ROWS = {
    "it survives a kill of the server": "durable",
    "a message that is sent again under its id is kept once": "deduplicates",
    "a key keeps its order with one worker": "ordered",
    "… with several": "ordered_across_members",
    "… after a worker has died, or gave a message back": "redelivers_in_order",
}


def sources() -> dict[str, MessageSource]:
    """As they are without further settings; none connects."""
    return {
        "Kafka": KafkaMessageSource("localhost:9092", "orders", "warehouse"),
        "RabbitMQ": AMQPMessageSource("amqp://localhost/", "orders", exchange_name="shop", group="warehouse"),
        "NATS JetStream": NatsMessageSource("nats://localhost:4222", "orders"),
        "Redis Streams": RedisMessageSource("redis://localhost:6379/0", "orders"),
        "memory": MemoryMessageBroker().source("orders"),
    }


@pytest.mark.parametrize("row", ROWS)
async def test_a_broker_has_the_features_listed_on_its_page(row: str) -> None:
    brokers = TABLE[0]  # its first cell is empty
    (cells,) = [cells[1:] for cells in TABLE if cells[0] == row]
    said = {broker: cell.startswith("yes") for broker, cell in zip(brokers, cells, strict=True)}
    assert said == {name: getattr(source.features, ROWS[row]) for name, source in sources().items()}
