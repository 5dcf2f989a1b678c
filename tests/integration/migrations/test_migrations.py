from __future__ import annotations

import asyncio
import dataclasses
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from cqrs.errors import DatabaseUnavailable, MigrationRefused
from cqrs.leases.sqlalchemy.tables import lease_metadata
from cqrs.migrations import check, downgrade, sql, upgrade
from cqrs.migrations import engine as migrate
from cqrs.migrations import lock as migration_lock
from cqrs.migrations import naming as migration_tables
from cqrs.migrations import steps as migration_steps
from cqrs.migrations.book import MAKE_BOOK
from cqrs.outbox.sqlalchemy.model import outbox_model

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

ONE = """
import asyncio, sys
from sqlalchemy.ext.asyncio import create_async_engine
from cqrs.migrations import upgrade

async def main():
    engine = create_async_engine(sys.argv[1])
    print(*await upgrade(engine))
    await engine.dispose()

sys.stdin.readline()
asyncio.run(main())
"""


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


def steps_of_outbox(engine: AsyncEngine) -> list[str]:
    return [str(step) for step in migration_steps.steps_of(engine.dialect.name, {"outbox": "outbox"})]


async def test_migrations_make_the_table_of_the_model(engine: AsyncEngine) -> None:
    assert "outbox/0001_outbox" in await upgrade(engine, "migrated", subjects=["outbox"])
    async with engine.begin() as connection:
        await connection.run_sync(outbox_model("modelled").metadata.create_all)
    assert await shape(engine, "migrated") == await shape(engine, "modelled")


async def test_migrations_make_the_tables_of_the_leases(engine: AsyncEngine) -> None:
    await upgrade(engine)
    migrated = [await shape(engine, table) for table in lease_metadata.tables]
    await downgrade(engine)
    async with engine.begin() as connection:
        await connection.run_sync(lease_metadata.create_all)
    assert [await shape(engine, table) for table in lease_metadata.tables] == migrated


async def test_going_up_again_does_nothing_and_going_down_removes_the_table(engine: AsyncEngine) -> None:
    first = await upgrade(engine)
    await upgrade(engine, "second")
    assert await upgrade(engine) == []
    steps = steps_of_outbox(engine)
    assert await downgrade(engine, subjects=["outbox"]) == steps[::-1]
    assert await downgrade(engine, subjects=["outbox"]) == []
    assert "outbox" not in await tables(engine)
    assert {"second", "cqrs_leases"} <= set(await tables(engine))
    assert await upgrade(engine) == steps
    assert sorted(await downgrade(engine)) == sorted(first)
    assert {*await tables(engine)} == {"cqrs_migrations", "second"} | ({"sqlite_sequence"} & {*await tables(engine)})


async def test_a_version_to_go_down_to_is_kept(engine: AsyncEngine) -> None:
    await upgrade(engine)
    later = [step for step in steps_of_outbox(engine) if "0001" not in step]
    assert await downgrade(engine, to=1, subjects=["outbox"]) == later[::-1]
    assert "outbox" in await tables(engine)
    assert await upgrade(engine) == later


@pytest.mark.server
async def test_tables_of_mariadb_from_before_tell_texts_apart_after_the_upgrade(mariadb_url: str) -> None:
    engine = create_async_engine(mariadb_url)
    names = migration_tables.tables_of()
    first = [step for step in migration_steps.steps_of("mariadb", names) if step.version == 1]
    async with engine.begin() as connection:
        await connection.exec_driver_sql(MAKE_BOOK)
        for statement in [each for step in first for each in (*step.up, step.entry.insert)]:
            await connection.exec_driver_sql(statement)
        mark = text("insert into inbox (consumer, message_id) values (:consumer, repeat('x', 16))")
        await connection.execute(mark, {"consumer": "billing"})
        with pytest.raises(IntegrityError):
            await connection.execute(mark, {"consumer": "billing "})
    found = await check(engine)
    assert "outbox: the column message_key compares as utf8mb4_bin and should as utf8mb4_nopad_bin" in found
    assert "inbox: the migration inbox/0002_exact_text has not been run" in found
    assert sum("compares as" in problem for problem in await check(engine, versions=False)) > 10
    assert await upgrade(engine) == [f"{subject}/0002_exact_text" for subject in ("outbox", "inbox", "leases")]
    assert await check(engine) == []
    async with engine.begin() as connection:
        await connection.execute(mark, {"consumer": "billing "})
    assert len(await downgrade(engine)) == 6
    await engine.dispose()


async def test_only_postgresql_has_a_log(engine: AsyncEngine) -> None:
    has_one = engine.dialect.name == "postgresql"
    done = await upgrade(engine, subjects=["log"])
    assert done == ["log/0001_log"] * has_one
    assert ("cqrs_log_positions" in await tables(engine)) is has_one
    assert ("cqrs_log_positions" in sql(engine.dialect.name)) is has_one
    assert await check(engine, subjects=["log"]) == []
    assert await downgrade(engine, subjects=["log"]) == done
    assert "cqrs_log_positions" not in await tables(engine)


async def test_subjects_are_numbered_by_themselves(engine: AsyncEngine) -> None:
    assert (await upgrade(engine, subjects=["leases"]))[0] == "leases/0001_leases"
    assert "outbox" not in await tables(engine)
    assert "leases/0001_leases" not in await upgrade(engine)


async def test_the_plain_statements_do_the_same(engine: AsyncEngine) -> None:
    async def run(statements: str) -> None:
        async with engine.begin() as connection:
            for statement in statements.split(";\n"):
                if statement.strip():
                    await connection.exec_driver_sql(statement)

    for _ in range(2):
        await run(sql(engine.dialect.name, "mine"))
    assert await upgrade(engine, "mine") == []
    plain = await shape(engine, "mine")
    await run(sql(engine.dialect.name, "mine", down=True))
    assert "mine" not in await tables(engine)
    assert "outbox/0001_outbox" in await upgrade(engine, "mine")
    assert await shape(engine, "mine") == plain


async def test_eight_processes_at_once_apply_each_version_once(address: str, engine: AsyncEngine) -> None:
    await upgrade(engine, "earlier", subjects=["outbox"])
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", ONE, address, stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(8)
    ]
    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * 8, ends
    steps = [str(step) for step in migration_steps.steps_of(engine.dialect.name, migration_tables.tables_of())]
    assert {"outbox/0001_outbox", "leases/0001_leases"} <= set(steps)
    assert sorted(out.decode().split() for out, _ in ends) == [[]] * 7 + [steps]
    async with engine.connect() as connection:
        assert await connection.scalar(text("select count(*) from cqrs_migrations")) == len(steps) + len(
            steps_of_outbox(engine)
        )


async def test_a_failing_step_leaves_the_others_to_be_done_again(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migration_steps.steps_of(engine.dialect.name, migration_tables.tables_of())
    broken = [*real[:-1], dataclasses.replace(real[-1], up=("CREATE NONSENSE",))]
    monkeypatch.setattr(migrate, "steps_of", lambda *_: broken)
    with pytest.raises(MigrationRefused, match=f"refuses {real[-1]}"):
        await upgrade(engine)
    monkeypatch.undo()
    names = [str(step) for step in real]
    transactional = engine.dialect.name in {"postgresql", "sqlite"}
    assert await upgrade(engine) == (names if transactional else names[-1:])
    assert await upgrade(engine) == []


async def test_waiting_too_long_for_another_migrating_process_raises(
    address: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade(engine)
    monkeypatch.setattr(migration_lock, "_PATIENCE", 1)
    other = create_async_engine(address)
    async with migration_lock.migrating_alone(other):
        with pytest.raises(MigrationRefused, match=r"cqrs_migrations: .* try again"):
            await upgrade(engine)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await upgrade(engine)
    assert await upgrade(engine) == []
    await other.dispose()


async def test_sqlite_keeps_its_patience_and_may_have_begun_a_transaction(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/own.db", connect_args={"timeout": 7})
    event.listen(engine.sync_engine, "connect", lambda c, _: setattr(c, "isolation_level", None))
    event.listen(engine.sync_engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    await upgrade(engine)
    async with engine.connect() as connection:
        assert await connection.scalar(text("pragma busy_timeout")) == 7000
    assert await upgrade(engine) == []
    await engine.dispose()


async def test_a_missing_database_is_reported_without_its_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # no server listens, and none can
        engine = create_async_engine(f"postgresql+asyncpg://me:secret@127.0.0.1:{taken.getsockname()[1]}/shop")
        with pytest.raises(DatabaseUnavailable, match="No connection to postgresql") as caught:
            await upgrade(engine)
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value, ConnectionError)
    await engine.dispose()


@pytest.mark.parametrize("name", ["out box", "x; drop table y", "1st", 'a"b', "Outbox", "a" * 41])
def test_a_table_name_that_would_need_quotes_or_be_cut_is_refused(name: str) -> None:
    with pytest.raises(MigrationRefused, match="small letters, digits"):
        sql("sqlite", name)
    with pytest.raises(MigrationRefused, match="small letters, digits"):
        sql("sqlite", inbox_table=name)


def test_the_longest_table_name_keeps_its_indexes_apart_on_postgresql() -> None:
    names = re.findall(r"INDEX IF NOT EXISTS (\w+)", sql("postgresql", "a" * 40, inbox_table="b" * 40))
    assert names
    assert max(map(len, names)) <= 63


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(MigrationRefused, match="oracle"):
        sql("oracle")


def test_an_unknown_subject_is_refused() -> None:
    with pytest.raises(MigrationRefused, match="outboxes: there is no such subject"):
        sql("sqlite", subjects=["outboxes"])
