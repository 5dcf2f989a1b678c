from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from cqrs.inbox.sqlalchemy.tables import inbox_tables
from cqrs.leases.sqlalchemy.tables import lease_metadata
from cqrs.migrations import check, downgrade, upgrade
from cqrs.migrations.naming import tables_of
from cqrs.migrations.steps import steps_of
from cqrs.outbox.log.tables import log_metadata
from cqrs.outbox.sqlalchemy.model import outbox_model

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


async def run(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_an_empty_database_lacks_everything_and_is_not_changed(engine: AsyncEngine) -> None:
    await run(engine, "select 1")  # the file of SQLite is there
    found = await check(engine)
    assert "outbox: the migration outbox/0001_outbox has not been run" in found
    assert {f"{name}: the table is missing" for name in ("outbox", "inbox", "inbox_parked", "cqrs_leases")} <= {*found}
    assert await check(engine) == found


async def test_nothing_is_missing_after_the_migrations(engine: AsyncEngine) -> None:
    await upgrade(engine, "shop_outbox", inbox_table="shop_inbox")
    assert await check(engine, "shop_outbox", inbox_table="shop_inbox") == []


async def test_tables_that_something_else_has_made_are_right(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(outbox_model("outbox").metadata.create_all)
        await connection.run_sync(inbox_tables().create_all)
        await connection.run_sync(lease_metadata.create_all)
        if engine.dialect.name == "postgresql":
            await connection.run_sync(log_metadata.create_all)
    assert await check(engine, versions=False) == []
    assert await check(engine) == []


async def test_a_missing_version_is_found_where_others_are_noted(engine: AsyncEngine) -> None:
    await upgrade(engine)
    await run(engine, "update cqrs_migrations set version = version + 99 where subject = 'inbox'")
    inbox = steps_of(engine.dialect.name, tables_of(["inbox"]))
    assert await check(engine) == [f"inbox: the migration {step} has not been run" for step in inbox]
    assert await check(engine, versions=False) == []


async def test_a_missing_index_column_and_table_are_found(engine: AsyncEngine) -> None:
    await upgrade(engine)
    where = " on outbox" if engine.dialect.name in {"mysql", "mariadb"} else ""
    await run(
        engine,
        f"drop index ix_outbox_pending{where}",
        "alter table outbox drop column last_error",
        "drop table cqrs_lease_members",
    )
    assert await check(engine) == [
        "outbox: the column last_error is missing",
        "outbox: the index ix_outbox_pending on (pending, due_at, id) is missing or differs",
        "cqrs_lease_members: the table is missing",
    ]


async def test_a_column_that_cannot_be_filled_is_found(engine: AsyncEngine) -> None:
    await upgrade(engine)
    await run(engine, "alter table inbox add column note varchar(10)")
    assert await check(engine) == []
    if engine.dialect.name == "sqlite":  # it refuses to add one
        return
    change = "modify note varchar(10) not null" if engine.dialect.name != "postgresql" else "alter note set not null"
    await run(engine, f"alter table inbox {change}")
    assert await check(engine) == ["inbox: the extra column note needs a value: give it a default or let it be NULL"]


@pytest.mark.server
async def test_a_type_a_default_a_null_and_a_key_that_differ_are_found(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url)
    await upgrade(engine)
    await run(
        engine,
        "alter table outbox alter topic type varchar(20)",
        "alter table outbox alter created_at drop default",
        "alter table outbox alter due_at set not null",
        "alter table cqrs_leases drop constraint cqrs_leases_pkey",
        "alter table cqrs_log_positions alter message type bigint",
        "drop index ix_outbox_held",
        "create index ix_outbox_held on outbox (message_key, lease_until)",
    )
    assert await check(engine) == [
        "outbox: the column topic is VARCHAR(20) and should be VARCHAR(255)",
        "outbox: the column due_at should be NULL",
        "outbox: the column created_at has no default",
        "outbox: the index ix_outbox_held on (message_key, lease_until) is missing or differs",
        "cqrs_leases: the primary key should be (scope, share)",
        "cqrs_log_positions: the column message is BIGINT and should be INTEGER",
    ]
    await engine.dispose()


@pytest.mark.parametrize("form", ["{file}", "file:{file}?uri=true"])
async def test_a_file_that_is_not_there_is_not_made_by_a_look(tmp_path: Path, form: str) -> None:
    file = tmp_path / "nowhere.db"
    engine = create_async_engine(f"sqlite+aiosqlite:///{form.format(file=file)}")
    assert await check(engine) == [f"{file}: there is no such file; `python -m cqrs db upgrade` makes it"]
    assert await downgrade(engine) == []
    await engine.dispose()
    assert not file.exists()
