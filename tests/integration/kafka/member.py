"""A member of a group in a process of its own: it prints what it received, acknowledges one half, and waits."""

from __future__ import annotations

import asyncio
import sys

from cqrs.message_brokers.kafka.broker import KafkaMessageSource
from cqrs.message_brokers.kafka.producer import KafkaConnection


async def main(bootstrap: str, topic: str, group: str, count: int) -> None:
    connection = KafkaConnection(bootstrap_servers=bootstrap, options={"session_timeout_ms": 6000})
    source = KafkaMessageSource(connection, topic, group, commit_interval=0)
    received = 0
    while received < count:
        for delivery in await source.receive():
            received += 1
            number = int(delivery.envelope.body)
            if number < count // 2:
                await delivery.ack()
            print(number, flush=True)  # noqa: T201  # it is what the test reads
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
