"""A service that brings each message that arrives into its database and sends one for it, until all are through.

`python -m tests.faults.crashes.service URL FOLDER`. A handler fails a few times for one number, so that the message is
parked and tried again, and the broker refuses another one for a while.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sqlalchemy import func, select

from cqrs.backoff import Backoff
from cqrs.testing import faults
from cqrs.workers import OutboxRelay, RelayPolicy
from tests.faults.crashes.source import FileSource
from tests.faults.relay_program import FileBroker
from tests.helpers.waiting import until
from tests.integration.inbox.backends import Database, effect, engine_of
from tests.integration.inbox.service import Ordered, Shipped, Shipping

COUNT = 16
"""How many messages arrive: even ones with one key, odd ones with another."""

BATCH = 4
FAILING = {4: 3}
"""How often the handler fails for a number: in its batch, alone, and when it is tried again after it was parked."""

REFUSED = {5: 2}
"""How often the broker refuses the message about a number."""

SOON = Backoff(first=0.01, longest=0.05)


class Service(Shipping):
    """As `Shipping`, with the key of each message for what is sent because of it."""

    async def handle(self, event: Ordered) -> None:
        await effect(str(event.payload))
        self.outbox.add(Shipped(topic="shipments", payload=event.payload), key=str(event.payload % 2))
        if self.failures.get(event.payload, 0):
            self.failures[event.payload] -= 1
            raise ValueError(event.payload)


class Broker(FileBroker):
    """A file, which does not take a few messages at first."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, {})
        self._left = dict(REFUSED)

    def refuses(self, number: int) -> bool:
        if not self._left.get(number):
            return False
        self._left[number] -= 1
        return True


async def main(url: str, folder: Path) -> None:
    database = Database(engine_of(url))
    service = Service(database)
    service.failures = dict(FAILING)
    source = FileSource(folder / "acknowledged", COUNT)
    policy = RelayPolicy(batch_size=BATCH, lease=2, attempts=1_000, attempt_backoff=SOON, idle_backoff=SOON)
    relay = OutboxRelay(service.outbox, Broker(folder / "arrived"), policy, wake_up="poll")

    async def all_is_done() -> bool:
        if not source.is_empty or len(await database.effects()) < COUNT:
            return False
        unsent = select(func.count()).where(service.outbox.model.pending.is_not(None))
        async with database.engine.connect() as connection:
            return bool((await connection.execute(unsent)).scalar_one() == 0)

    async with service.consumer(source, batch_size=BATCH, attempts_in_batch=1, receive_timeout=0.02), relay:
        await until(all_is_done, every=0.02)
    await database.engine.dispose()


if __name__ == "__main__":
    faults.install()
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
