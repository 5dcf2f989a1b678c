"""Another process that adds: `python -m benchmarks.durable.adder URL COUNT WAY`, a process of its own.

A relay is woken by what its own process adds without any help of the database, so another process must add. It prints
`ready`, waits for a line, adds one message at a time, and prints when each commit had returned, on the clock that all
processes share. WAY is `notify` or `hand`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from typing import TYPE_CHECKING

from benchmarks.durable.server import connected
from benchmarks.durable.shop import Stand, order_placed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Add = Callable[[int], Awaitable[float]]

CHANNEL = "by_hand"
_INSERT = (
    "INSERT INTO outbox (message_id, event_name, topic, message_key, partition_no, content_type, headers, body) "
    "VALUES ($1, 'order-placed', 'orders', 'key', 7, 'application/json', '{}', $2)"
)


async def main(address: str, count: int, way: str) -> None:
    """Add."""
    add = await by_hand(address) if way == "hand" else by_outbox(address)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    committed: list[float] = []
    for number in range(count):
        committed.append(await add(number))
        await asyncio.sleep(0.01 + number % 7 / 500)
    print(json.dumps(committed), flush=True)


def by_outbox(address: str) -> Add:
    """As applications do."""
    outbox = Stand(address).outbox(notify=True)

    async def add(number: int) -> float:
        async with outbox as session:
            outbox.add(session, order_placed(number), key="key")
            await outbox.commit(session)
        return time.perf_counter()

    return add


async def by_hand(address: str) -> Add:
    """By the driver alone, and then NOTIFY."""
    connection = await connected(address)

    async def add(_number: int) -> float:
        await connection.execute(_INSERT, uuid.uuid4(), b"x" * 200)
        committed = time.perf_counter()
        await connection.execute(f"NOTIFY {CHANNEL}")
        return committed

    return add


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
