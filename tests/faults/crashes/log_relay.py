"""Brings the messages of a log to a broker that refuses one: `python -m tests.faults.crashes.log_relay URL FOLDER`.

The refused message and the later ones of its key go into the table of the outbox. It ends when each message is in the
file of the broker or in the table.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sqlalchemy import func, make_url, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from cqrs.outbox.log.postgresql import PostgresLog
from cqrs.outbox.log.repository import PostgresLogOutboxedEventRepository
from cqrs.testing import faults
from cqrs.workers import RelayPolicy
from cqrs.workers.relay.log_relay import LogRelay
from tests.faults.relay_program import FileBroker
from tests.helpers.events import REGISTRY
from tests.helpers.waiting import until
from tests.integration.postgresql_log.conftest import libpq_words

COUNT = 16
"""How many messages are in the log: even ones with one key, odd ones with another."""

REFUSED = 5


def log_of(url: str) -> PostgresLog:
    """The log of the database at `url`, by a slot with its name."""
    address = make_url(url)
    return PostgresLog(libpq_words(address), f"slot_{address.database}")


async def main(url: str, folder: Path) -> None:
    engine = create_async_engine(url)
    outbox = PostgresLogOutboxedEventRepository(async_sessionmaker(engine), registry=REGISTRY)
    file = folder / "arrived"
    broker = FileBroker(file, {"poison": str(REFUSED)})

    async def all_is_done() -> bool:
        async with engine.connect() as connection:
            diverted = (await connection.execute(select(func.count()).select_from(outbox.model))).scalar_one()
        return diverted + len(set(file.read_text(encoding="ascii").splitlines())) == COUNT

    async with LogRelay(outbox, log_of(url), broker, RelayPolicy(batch_size=4), standby=0.05):
        await until(all_is_done, every=0.05)
    await engine.dispose()


if __name__ == "__main__":
    faults.install()
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
