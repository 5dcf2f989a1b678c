"""What the demo runs on: everything in this process, or processes and real servers."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import cqrs
from cqrs.message_brokers.memory import MemoryMessageBroker
from cqrs.message_brokers.source import MessageSource
from cqrs.testing import faults
from examples.delivery.brokers import BROKERS
from examples.delivery.messages import TOPIC
from examples.delivery.service import POLICY
from examples.delivery.shop import shop_database
from examples.delivery.warehouse import open_warehouse, warehouse_database

ROOT = Path(__file__).resolve().parents[2]
WORST = "outbox.published"
"""The broker has confirmed, and the relay has not written it down yet."""


@dataclass
class Embedded:
    """Two SQLite files, a broker in memory, and every worker a task of this process."""

    shop: str
    warehouse: str
    what: str = "one process, SQLite and a broker in memory"
    fate: str = "the relay failed between the broker's confirmation of a batch and its own note of it, and went on"
    broker: MemoryMessageBroker = field(default_factory=MemoryMessageBroker)

    @asynccontextmanager
    async def relay_that_dies(self) -> AsyncGenerator[None, None]:
        """A relay that sends a third batch and does not live to settle it."""
        with faults.failpoint(WORST, 3):
            async with self._relay():
                yield
                await asyncio.sleep(1)

    @asynccontextmanager
    async def workers(self, *roles: str) -> AsyncGenerator[None, None]:
        """Relay and warehouse, as tasks."""
        async with AsyncExitStack() as stack:
            if "relay" in roles:
                await stack.enter_async_context(self._relay())
            if "warehouse" in roles:
                database = await stack.enter_async_context(warehouse_database(self.warehouse))
                await stack.enter_async_context(open_warehouse(database, self.source("warehouse")))
            yield

    def source(self, group: str) -> MessageSource:
        """Receives what was sent."""
        return self.broker.source(TOPIC, group=group)

    @asynccontextmanager
    async def _relay(self) -> AsyncGenerator[None, None]:
        async with shop_database(self.shop) as database, cqrs.OutboxRelay(database.outbox, self.broker, POLICY):
            yield


@dataclass
class Distributed:
    """Real servers, and every worker a process of its own."""

    shop: str
    warehouse: str
    kind: str
    address: str
    what: str = ""
    fate: str = "the relay was killed between the broker's confirmation of a batch and its own note of it"

    @asynccontextmanager
    async def relay_that_dies(self) -> AsyncGenerator[None, None]:
        """A relay that is killed by SIGKILL when the broker has confirmed its third batch."""
        process = await self._start("relay", f"{WORST}:3:kill")
        yield
        if await process.wait() != -signal.SIGKILL:
            raise RuntimeError("the relay was to be killed, and ended in another way")

    @asynccontextmanager
    async def workers(self, *roles: str) -> AsyncGenerator[None, None]:
        """Relay and warehouse, as processes."""
        processes = [await self._start(role) for role in roles]
        try:
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                await process.wait()

    def source(self, group: str) -> MessageSource:
        """Receives what was sent."""
        return BROKERS[self.kind][1](self.address, group)

    async def _start(self, role: str, failpoint: str = "") -> asyncio.subprocess.Process:
        url = self.shop if role == "relay" else self.warehouse
        command = [sys.executable, "-m", "examples.delivery.service", role, url, self.kind, self.address]
        environment = {**os.environ, faults.VARIABLE: failpoint}
        return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)


@asynccontextmanager
async def stage(broker: str, database: str) -> AsyncGenerator[Embedded | Distributed, None]:
    """What ``broker`` and ``database`` stand for. Raises ``Missing`` if a server cannot be had here."""
    with tempfile.TemporaryDirectory(prefix="delivery-") as folder:
        Path(folder).chmod(0o755)  # noqa: ASYNC240  # nothing else runs yet; servers do not run as we do
        if not broker and not database:
            yield Embedded(f"sqlite+aiosqlite:///{folder}/shop.db", f"sqlite+aiosqlite:///{folder}/warehouse.db")
            return
        broker, database = broker or "kafka", database or "postgresql"
        if broker not in BROKERS or database not in _DATABASES:
            raise SystemExit(f"BROKER is one of {', '.join(BROKERS)}, and DB one of {', '.join(_DATABASES)}")
        # Only here: a demo without servers must not need what the tests need.
        from tests.servers.recipe import Recipe  # noqa: PLC0415
        from tests.servers.running import Running  # noqa: PLC0415
        from tests.servers.table import tools  # noqa: PLC0415

        servers: list[Running] = []
        try:
            for name in (broker, database):
                recipe = tools()[name]
                assert isinstance(recipe, Recipe)  # noqa: S101  # these are servers, not tools
                print(f"starting {name} {recipe.provide()}")
                servers.append(Running(recipe, Path(folder) / name))
                await servers[-1].start()
            urls = [await _database(servers[1].address, database, name) for name in ("shop", "warehouse")]
            what = f"{broker} and {database}, every worker a process of its own"
            yield Distributed(urls[0], urls[1], broker, servers[0].address, what)
        finally:
            for server in servers:
                await server.stop()


_DATABASES = {"postgresql": "postgresql+asyncpg", "mariadb": "mysql+asyncmy"}


async def _database(address: str, kind: str, name: str) -> str:
    url = f"{_DATABASES[kind]}:{address.partition(':')[2]}"
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)
