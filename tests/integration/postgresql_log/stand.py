"""An outbox in the log of a database, and a broker that can be away."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from cqrs.backoff import Backoff
from cqrs.errors import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.outbox.log.postgresql import PostgresLog
from cqrs.outbox.log.repository import PostgresLogOutboxedEventRepository
from cqrs.workers.relay.log_relay import LogRelay
from cqrs.workers.relay.policy import RelayPolicy
from tests.helpers.events import REGISTRY, numbered
from tests.helpers.waiting import LATE, until
from tests.integration.postgresql_log.conftest import Database, libpq_words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

QUICK = RelayPolicy(batch_size=50, outage_backoff=Backoff(first=0.01, longest=0.05), lease=5.0)


class Broker(MemoryMessageBroker):
    """Rejects the numbers in `poison`; is away while `away` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.poison: set[int] = set()
        self.away = False
        self.tries = 0

    async def send_message(self, message: Any) -> None:
        number = message.to_envelope().json()["payload"]
        self.tries += 1
        if self.away:
            raise BrokerUnavailable("test", "it is away")
        if number in self.poison:
            raise MessageRejected("test", message.message_id, "poison")
        await super().send_message(message)

    @property
    def numbers(self) -> list[int]:
        return [message.to_envelope().json()["payload"] for message in self.sent]


class LogOutbox:
    """An outbox in the log of a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.broker = Broker()
        self.outbox = PostgresLogOutboxedEventRepository(database.sessions, registry=REGISTRY)
        url = make_url(database.address)
        self.slot = f"slot_{url.database}"
        self.dsn = libpq_words(url)

    def log(self) -> PostgresLog:
        return PostgresLog(self.dsn, self.slot)

    def relay(self) -> LogRelay:
        return LogRelay(self.outbox, self.log(), self.broker, QUICK, standby=0.05)

    async def add(self, *numbers: int, key: str | None = None) -> None:
        async with self.outbox as session:
            for number in numbers:
                self.outbox.add(session, numbered(number), key=key)
            await self.outbox.commit(session)

    async def arrived(self, *numbers: int) -> None:
        await until(lambda: len(self.broker.sent) >= len(numbers))
        assert self.broker.numbers == list(numbers)

    async def rows(self) -> list[tuple[Any, ...]]:
        payload = "coalesce(convert_from(body, 'UTF8')::jsonb ->> 'payload', convert_from(body, 'UTF8'))"
        found = await self.database.run(f"select {payload}, pending from outbox order by id")  # noqa: S608  # our own
        return [(int(number), pending) for number, pending in found]

    async def confirmed(self) -> Any:
        return await self.database.run(f"select confirmed_flush_lsn {self.from_slot}")

    async def drop(self) -> None:
        async with asyncio.timeout(LATE):
            while await self.database.run(f"select 1 {self.from_slot}"):
                await self.database.run(f"select pg_drop_replication_slot(slot_name) {self.from_slot} and not active")

    @property
    def from_slot(self) -> str:
        return f"from pg_replication_slots where slot_name = '{self.slot}'"


@asynccontextmanager
async def stand_on(database: Database) -> AsyncGenerator[LogOutbox, None]:
    stand = LogOutbox(database)
    await stand.log().create()
    try:
        yield stand
    finally:
        await stand.drop()
