"""A worker as a process of its own: `python -m examples.delivery.service relay|warehouse URL BROKER ADDRESS`."""

import asyncio
import sys

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

import cqrs
from cqrs.testing import faults
from examples.delivery.brokers import BROKERS
from examples.delivery.logs import show_logs
from examples.delivery.shop import outbox_of
from examples.delivery.warehouse import open_warehouse

POLICY = cqrs.RelayPolicy(batch_size=25, lease=2.0)
"""Small batches and a short lease: the demo shall not keep anybody waiting."""


async def main(role: str, url: str, kind: str, address: str) -> None:
    """Work until SIGTERM."""
    engine = create_async_engine(url)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    make_broker, make_source = BROKERS[kind]
    if role == "relay":
        async with make_broker(address) as broker:
            await cqrs.OutboxRelay(outbox_of(sessions), broker, POLICY).run()
    else:
        await open_warehouse(sessions, make_source(address, "warehouse")).run()
    await engine.dispose()


if __name__ == "__main__":
    show_logs()
    faults.install()  # the demo decides when this process dies
    asyncio.run(main(*sys.argv[1:]))
