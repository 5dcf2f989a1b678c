"""A worker as a process of its own: `python -m examples.delivery.service relay|warehouse URL BROKER ADDRESS`."""

import asyncio
import sys

import cqrs
from cqrs.testing import faults
from examples.delivery.brokers import BROKERS
from examples.delivery.logs import show_logs
from examples.delivery.shop import shop_database
from examples.delivery.warehouse import open_warehouse, warehouse_database

POLICY = cqrs.RelayPolicy(batch_size=25, lease=2.0)
"""Small batches and a short lease: the demo shall not keep anybody waiting."""


async def main(role: str, url: str, kind: str, address: str) -> None:
    """Work until SIGTERM."""
    make_broker, make_source = BROKERS[kind]
    if role == "relay":
        async with shop_database(url) as database, make_broker(address) as broker:
            await cqrs.OutboxRelay(database.outbox, broker, POLICY).run()
    else:
        async with warehouse_database(url) as database:
            await open_warehouse(database, make_source(address, "warehouse")).run()


if __name__ == "__main__":
    show_logs()
    faults.install()  # the demo decides when this process dies
    asyncio.run(main(*sys.argv[1:]))
