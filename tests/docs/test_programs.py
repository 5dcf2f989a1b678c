"""The programs on the pages that need real servers, run as the processes that they are; and what goes beside them."""

from __future__ import annotations

import asyncio
import configparser
import contextlib
import os
import re
import signal
import sys
import uuid
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio
import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

import cqrs
from cqrs.events.bootstrap import bootstrap
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message
from cqrs.migrations import upgrade
from tests.docs.pages import ROOT, blocks
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from tests.servers.client import Server

CHEAT_SHEET = ROOT / "docs" / "reference" / "cheat-sheet.md"
DATABASE = ROOT / "docs" / "how-to" / "use-a-database.md"
CONSUMER = ROOT / "docs" / "how-to" / "consume-through-the-inbox.md"
LOG = ROOT / "docs" / "how-to" / "tail-the-log.md"
RELAY = ROOT / "docs" / "how-to" / "run-the-relay.md"

LATE = 90.0
"""Seconds that only a test waits that is about to fail."""


def program_of(page: Path) -> str:
    """The one program of a page that names this file."""
    (program,) = [b.code for b in blocks(page.read_text()) if b.skip is not None and Path(__file__).name in b.skip]
    return program


@asynccontextmanager
async def running(program: str, folder: Path, **environment: str) -> AsyncGenerator[asyncio.subprocess.Process, None]:
    path = folder / "program.py"
    path.write_text(program)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", str(path)),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(postgres_url)
    await upgrade(engine)
    yield engine
    await engine.dispose()


def outbox_over(engine: AsyncEngine, **options: Any) -> cqrs.SqlAlchemyOutboxedEventRepository:
    registry = cqrs.EventRegistry()
    registry.register(cqrs.NotificationEvent[int], "order_placed")
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    return cqrs.SqlAlchemyOutboxedEventRepository(sessions, registry=registry, **options)


async def place(engine: AsyncEngine, *orders: int) -> None:
    outbox = outbox_over(engine)
    async with outbox as session:
        for order in orders:
            event = cqrs.NotificationEvent[int](event_name="order_placed", topic="orders", payload=order)
            outbox.add(session, event, key="customer-1")
        await outbox.commit(session)


async def test_relay_and_consumer_of_the_cheat_sheet_work_until_they_are_stopped(
    engine: AsyncEngine, postgres_url: str, redis_server: Server, tmp_path: Path
) -> None:
    program = program_of(CHEAT_SHEET)
    assert len([line for line in program.splitlines() if line.strip()]) < 40
    await place(engine, 7, 8)
    async with running(program, tmp_path, DATABASE=postgres_url, REDIS=redis_server.address) as process:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"packing order 7\n"
        assert await process.stdout.readline() == b"packing order 8\n"
        process.send_signal(signal.SIGTERM)
        assert await process.stdout.read() == b""
        assert await process.wait() == 0


async def test_the_relay_of_its_page_waits_for_a_broker_and_stops_at_a_signal(
    engine: AsyncEngine, postgres_url: str, redis_server: Server, tmp_path: Path
) -> None:
    await asyncio.to_thread(redis_server.stop)
    await place(engine, 7)
    async with running(program_of(RELAY), tmp_path, DATABASE=postgres_url, REDIS=redis_server.address) as process:
        await asyncio.to_thread(redis_server.start)
        async with redis.asyncio.Redis.from_url(redis_server.address) as client:
            entries = await until(lambda: client.xrange("orders"), within=LATE, every=0.05)
        assert len(entries) == 1
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 0


ASK_FOR_THE_TENANT = """
import asyncio


async def the_tenant() -> str:
    async with db.transaction() as session:
        return (await session.execute(text("SELECT current_setting('shop.tenant', true)"))).scalar_one() or "nobody"


async def main() -> None:
    async with db:
        for name in ("ada", "bob"):
            tenant.set(name)
            print(await the_tenant())
        async with db.engine.connect() as connection:  # of the same pool, and without the setting
            print(repr((await connection.execute(text("SELECT current_setting('shop.tenant', true)"))).scalar_one()))


asyncio.run(main())
"""


async def test_every_transaction_of_the_page_has_the_setting_of_its_tenant(postgres_url: str, tmp_path: Path) -> None:
    async with running(program_of(DATABASE) + ASK_FOR_THE_TENANT, tmp_path, DATABASE=postgres_url) as process:
        assert process.stdout is not None
        assert await process.stdout.read() == b"ada\nbob\n''\n"
        assert await process.wait() == 0


class Picky(MemoryMessageBroker):
    """Rejects all orders of one customer."""

    async def send_message(self, message: Message) -> None:
        raise cqrs.errors.MessageRejected("picky", message.message_id, "no")


async def test_the_statements_for_monitoring_count_what_they_say(database_url: str) -> None:
    watched = create_async_engine(database_url)
    await upgrade(watched)
    (page,) = re.findall(r"```sql\n(SELECT.*?)```", RELAY.read_text(), re.DOTALL)
    statements = [line.partition(";")[0] for line in page.splitlines()]
    outbox = outbox_over(watched)

    async def counted(statement: str) -> list[Any]:
        async with watched.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    await place(watched, 1, 2, 3)
    assert await counted(statements[0]) == [(3,)]
    async with cqrs.OutboxRelay(outbox, Picky(), cqrs.RelayPolicy(attempts=1), name="relay-1"):
        while [await counted(each) for each in statements[:3]] != [[(0,)], [(1,)], [(2,)]]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        ((owner, partitions),) = await counted(statements[3])
        assert (owner.partition(":")[0], partitions) == ("relay-1", 64)
    await watched.dispose()


async def test_the_statements_about_parked_messages_count_what_they_say(database_url: str) -> None:
    watched = create_async_engine(database_url)
    await upgrade(watched)
    sessions = async_sessionmaker(watched, expire_on_commit=False)
    (page,) = re.findall(r"```sql\n(SELECT.*?)```", CONSUMER.read_text(), re.DOTALL)
    keys, messages = (line.partition(";")[0] for line in page.splitlines())
    broker = MemoryMessageBroker()
    for number in (1, 2, 3):
        await broker.send_message(Message("unknown", "orders", {}, uuid.UUID(int=number), key="customer-1"))
    consumer = cqrs.Consumer(
        broker.source("orders", group="warehouse"),
        bootstrap(),
        name="warehouse",
        inbox=cqrs.SqlAlchemyInboxRepository(sessions),
        unit_of_work=lambda: cqrs.SqlAlchemyUnitOfWork(sessions),
        registry=cqrs.EventRegistry(),
        policy=cqrs.ConsumerPolicy(parked_retries=0),
    )
    async with consumer:
        await consumer.started()
    async with watched.connect() as connection:
        assert (await connection.execute(text(keys))).all() == [("warehouse", 1)]
        assert (await connection.execute(text(messages))).all() == [("warehouse", 3)]
    await watched.dispose()


async def test_the_statement_that_watches_the_log_is_one(engine: AsyncEngine) -> None:
    (statement,) = re.findall(r"```sql\n(SELECT.*?);\n```", LOG.read_text(), re.DOTALL)
    async with engine.connect() as connection:
        columns = (await connection.execute(text(statement))).keys()
    assert {"unconfirmed", "kept", "safe_wal_size"} < set(columns)


def test_service_managers_give_the_relay_more_time_to_stop_than_its_lease() -> None:
    page = RELAY.read_text()
    (unit,) = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    service = configparser.ConfigParser()
    service.read_string(unit)
    (deployment,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    pod = yaml.safe_load(deployment)["spec"]["template"]["spec"]
    lease = cqrs.RelayPolicy().lease
    assert service.getint("Service", "TimeoutStopSec") > lease
    assert pod["terminationGracePeriodSeconds"] > lease
    (container,) = pod["containers"]
    assert container["command"] == ["python", "-m", "shop.relay"]
    assert service.get("Service", "ExecStart").endswith("/python -m shop.relay")
