"""Each scenario survives a SIGKILL at each point that it passes: at all with `ALL=1`, else at a sample by the date."""

from __future__ import annotations

from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker

from cqrs import migrations
from cqrs.outbox.log.repository import PostgresLogOutboxedEventRepository
from tests.faults.conftest import MARIADB, POSTGRESQL, SQLITE
from tests.faults.crashes.log_relay import COUNT as IN_LOG
from tests.faults.crashes.log_relay import REFUSED, log_of
from tests.faults.crashes.matrix import Scenario
from tests.faults.crashes.service import COUNT
from tests.helpers.events import REGISTRY, numbered
from tests.helpers.sampling import HOW_TO_REPEAT
from tests.integration.inbox.backends import METADATA, Database, engine_of
from tests.integration.postgresql_log.conftest import Database as LogDatabase
from tests.integration.postgresql_log.stand import LogOutbox
from tests.servers import databases

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from pathlib import Path

    from tests.servers.plugin import Servers

SERVERS = {"postgres_url": "postgresql", "mariadb_url": "mariadb"}


class OnDatabase(Scenario):
    """A scenario on SQLite or on a shared server."""

    def __init__(self, server: str | None, folder: Path) -> None:
        self._server, self._folder, self._made = server, folder, 0

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[str]:
        if self._server is None:
            self._made += 1
            yield f"sqlite+aiosqlite:///{self._folder}/{self._made}.db"
            return
        async with databases.database(self._server) as url:
            yield url


class ServiceScenario(OnDatabase):
    """Messages arrive, have effects and cause others, which leave; see `tests.faults.crashes.service`."""

    program = "tests.faults.crashes.service"

    async def prepare(self, url: str) -> None:
        engine = engine_of(url)
        await migrations.upgrade(engine)
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
        await engine.dispose()

    async def check(self, url: str, folder: Path) -> None:
        database = Database(engine_of(url))
        effects = [int(effect) for effect in await database.effects()]
        await database.engine.dispose()
        assert sorted(effects) == list(range(COUNT)), "each message has its effect once"
        assert_in_order((str(number % 2), number) for number in effects)
        arrived = [line.split() for line in (folder / "arrived").read_text(encoding="ascii").splitlines()]
        firsts = {id_: (key, int(number)) for id_, key, number in reversed(arrived)}
        assert sorted(number for _, number in firsts.values()) == list(range(COUNT)), (
            "one message leaves for each effect"
        )
        seen = dict.fromkeys(id_ for id_, _, _ in arrived)
        assert_in_order(firsts[id_] for id_ in seen)


class MigrationScenario(OnDatabase):
    """All tables are made."""

    program = "tests.faults.crashes.migrating"

    async def prepare(self, url: str) -> None:
        """The database is empty."""

    async def check(self, url: str, folder: Path) -> None:
        engine = engine_of(url)
        problems = await migrations.check(engine)
        again = await migrations.upgrade(engine)
        await engine.dispose()
        assert (problems, again) == ([], [])


class LogScenario(OnDatabase):
    """A relay that reads the log; see `tests.faults.crashes.log_relay`."""

    program = "tests.faults.crashes.log_relay"

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[str]:
        async with super().place() as url:
            yield url
            database = LogDatabase(url)
            await LogOutbox(database).drop()
            await database.engine.dispose()

    async def prepare(self, url: str) -> None:
        engine = engine_of(url)
        await migrations.upgrade(engine)
        await log_of(url).create()
        outbox = PostgresLogOutboxedEventRepository(async_sessionmaker(engine), registry=REGISTRY)
        for start in range(0, IN_LOG, 4):
            async with outbox as session:
                for number in range(start, start + 4):
                    outbox.add(session, numbered(number), key=str(number % 2))
                await outbox.commit(session)
        await engine.dispose()

    async def check(self, url: str, folder: Path) -> None:
        arrived = [line.split() for line in (folder / "arrived").read_text(encoding="ascii").splitlines()]
        firsts = list(dict.fromkeys((key, int(number)) for _, key, number in arrived))
        diverted = [number for number in range(REFUSED, IN_LOG) if number % 2 == REFUSED % 2]
        assert_in_order(firsts)
        assert sorted([*(number for _, number in firsts), *diverted]) == list(range(IN_LOG))
        database = LogDatabase(url)
        found = await LogOutbox(database).rows()
        await database.engine.dispose()
        assert found == [(number, int(number != REFUSED)) for number in diverted], "each in the table once, in order"


def assert_in_order(keyed: Iterable[tuple[str, int]]) -> None:
    """The numbers of each key grow."""
    of_key: dict[str, list[int]] = defaultdict(list)
    for key, number in keyed:
        of_key[key].append(number)
    assert dict(of_key) == {key: sorted(numbers) for key, numbers in of_key.items()}, "each key keeps its order"


@pytest.fixture(params=[POSTGRESQL, MARIADB, SQLITE])
def server(request: pytest.FixtureRequest) -> str | None:
    name = SERVERS.get(request.param)
    if name is None:
        return None
    servers: Servers = request.getfixturevalue("servers")
    return servers.shared(name).address


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(("scenario", "most"), [(ServiceScenario, 5), (MigrationScenario, 3)])
async def test_a_crash_at_each_point_loses_nothing_and_doubles_nothing(
    server: str | None, scenario: type[OnDatabase], most: int, tmp_path: Path
) -> None:
    await assert_crashes_change_nothing(scenario(server, tmp_path), most, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("server", [POSTGRESQL], indirect=True)
async def test_a_crash_of_a_log_relay_loses_nothing_and_diverts_nothing_twice(server: str, tmp_path: Path) -> None:
    await assert_crashes_change_nothing(LogScenario(server, tmp_path), 5, tmp_path)


async def assert_crashes_change_nothing(scenario: Scenario, most: int, tmp_path: Path) -> None:
    killed = await scenario.crashes(tmp_path, most)
    assert len(killed) > most // 2, f"it was killed at {[*map(str, killed)]} only; {HOW_TO_REPEAT}"
