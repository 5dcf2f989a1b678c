from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from cqrs._sqlalchemy.migrate import downgrade, migrations, upgrade
from cqrs.errors import MigrationRefused
from cqrs.outbox.sqlalchemy import outbox_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

ONE = """
import asyncio, sys
from sqlalchemy.ext.asyncio import create_async_engine
from cqrs._sqlalchemy.migrate import upgrade

async def main():
    engine = create_async_engine(sys.argv[1])
    print(await upgrade(engine))
    await engine.dispose()

sys.stdin.readline()
asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", *(pytest.param(p, marks=pytest.mark.server) for p in ("postgresql", "mariadb"))])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    fixtures = {"postgresql": "postgres_url", "mariadb": "mariadb_url"}
    if request.param in fixtures:
        return str(request.getfixturevalue(fixtures[request.param]))
    return f"sqlite+aiosqlite:///{tmp_path}/test.db"


@pytest.fixture
async def engine(address: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(address)
    yield engine
    await engine.dispose()


async def shape(engine: AsyncEngine, table: str) -> Any:
    def look(connection: Any) -> Any:
        inspector = inspect(connection)
        columns = {
            column["name"]: (str(column["type"]), column["nullable"], column["default"] is None)
            for column in inspector.get_columns(table)
        }
        indexes = {
            (index["name"] or "").replace(table, "T"): index["column_names"] for index in inspector.get_indexes(table)
        }
        return columns, indexes, inspector.get_pk_constraint(table)["constrained_columns"]

    async with engine.connect() as connection:
        return await connection.run_sync(look)


async def tables(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return sorted(await connection.run_sync(lambda c: inspect(c).get_table_names()))


async def test_migrations_make_the_table_of_the_model(engine: AsyncEngine) -> None:
    assert await upgrade(engine, "migrated") == [step.version for step in migrations(engine.dialect.name, "migrated")]
    async with engine.begin() as connection:
        await connection.run_sync(outbox_model("modelled").metadata.create_all)
    assert await shape(engine, "migrated") == await shape(engine, "modelled")


async def test_going_up_again_does_nothing_and_going_down_removes_the_table(engine: AsyncEngine) -> None:
    await upgrade(engine)
    await upgrade(engine, "second")
    assert await upgrade(engine) == []
    assert await downgrade(engine, 0) == [1]
    assert await downgrade(engine, 0) == []
    assert "outbox" not in await tables(engine)
    assert "second" in await tables(engine)
    assert await upgrade(engine) == [1]


async def test_eight_processes_at_once_apply_each_version_once(address: str, engine: AsyncEngine) -> None:
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", ONE, address, stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(8)
    ]
    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * 8, ends
    assert sorted(out.decode().strip() for out, _ in ends) == ["[1]", *["[]"] * 7]
    async with engine.connect() as connection:
        assert list(await connection.scalars(text("select version from cqrs_migrations"))) == [1]


@pytest.mark.parametrize("name", ["out box", "x; drop table y", "1st", 'a"b'])
def test_a_table_name_that_would_need_quotes_is_refused(name: str) -> None:
    with pytest.raises(MigrationRefused, match="letters, digits"):
        migrations("sqlite", name)


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(MigrationRefused, match="oracle"):
        migrations("oracle")
