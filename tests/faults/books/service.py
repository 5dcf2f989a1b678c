"""Shop, relay and ledger in one process, under load: to be killed.

`python -m tests.faults.books.service CONTAINER SHOP LEDGER REDIS RUN SEED LANES`. For each command it
prints "done KEY" when `send` has returned, or the name of the error and KEY when it has raised.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys

import cqrs
from tests.faults.books.containers import CONTAINERS
from tests.faults.books.ledger import open_ledger
from tests.faults.books.messages import REGISTRY, TOPIC, PlaceOrder
from tests.faults.books.network import FarBroker, FarSource
from tests.faults.books.shop import open_shop
from tests.faults.books.tables import CUSTOMERS, Base

RELAY = cqrs.RelayPolicy(batch_size=20, lease=1.0, idle_backoff=cqrs.Backoff(first=0.01, longest=0.1))


def say(what: str, key: str) -> None:
    """In one piece, whenever this process dies."""
    os.write(1, f"{what} {key}\n".encode())


def an_order(key: str) -> PlaceOrder:
    """Any order will do."""
    return PlaceOrder(
        key=key,
        customer=random.choice(CUSTOMERS),  # noqa: S311  # nothing is hidden by it
        cents=random.randrange(10, 10_000),  # noqa: S311
        attempts=random.choice([0, 0, 1, 2]),  # noqa: S311
        refused_by=random.choice(["", "", "", "", "handler", "reaction"]),  # noqa: S311
        told_by=random.choice(["recording", "outbox"]),  # noqa: S311
    )


async def lane(mediator: cqrs.RequestMediator, name: str) -> None:
    """One caller that asks again and again."""
    number = 0
    while True:
        key = f"{name}-{number}"
        try:
            await mediator.send(an_order(key))
        except Exception as error:  # noqa: BLE001  # whatever it is, it means that nothing has happened
            say(type(error).__name__, key)
        else:
            say("done", key)
        number += 1


async def main(kind: str, shop_url: str, ledger_url: str, redis: str, *load: str) -> None:
    run, seed, lanes = load
    random.seed(int(seed))
    async with (
        cqrs.Database(shop_url, metadata=Base.metadata, registry=REGISTRY) as shop,
        cqrs.Database(ledger_url, metadata=Base.metadata, registry=REGISTRY) as ledger,
        FarBroker(redis) as broker,
    ):
        mediator = open_shop(CONTAINERS[kind], shop)
        source = FarSource(redis, TOPIC, group="ledger", member="the only one")
        async with cqrs.OutboxRelay(shop.outbox, broker, RELAY), open_ledger(CONTAINERS[kind], ledger, source):
            await asyncio.gather(*(lane(mediator, f"{run}-{number}") for number in range(int(lanes))))
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
