"""The table of the log is created by its migration, however that is run."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import make_url

from cqrs._replication.stream import LogStream
from cqrs.migrations import check, upgrade
from cqrs.outbox.log.migrating import migrate
from cqrs.outbox.log.postgresql import PostgresLog
from tests.integration.postgresql_log.conftest import libpq_words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.integration.postgresql_log.conftest import Database


def words(database: Database) -> dict[str, Any]:
    return libpq_words(make_url(database.address))


@asynccontextmanager
async def created(database: Database, **other: str) -> AsyncGenerator[PostgresLog, None]:
    log = PostgresLog({**words(database), **other}, f"slot_{make_url(database.address).database}")
    try:
        await log.create()
        yield log
    finally:
        await database.run(
            f"select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '{log.name}'"  # noqa: S608  # ours
        )


async def test_tables_created_by_the_log_are_known_to_check_and_upgrade(database: Database) -> None:
    async with created(database) as log:
        assert await check(database.engine, subjects=["log"]) == []
        assert await upgrade(database.engine, subjects=["log"]) == []
        await log.create()
        assert await check(database.engine, subjects=["log"]) == []


async def test_the_log_uses_tables_made_by_a_migration(database: Database) -> None:
    assert await upgrade(database.engine, subjects=["log"]) == ["log/0001_log"]
    async with created(database) as log:
        assert await database.run("select name from cqrs_log_positions") == [(log.name,)]
    assert await database.run("select subject, version from cqrs_migrations") == [("log", 1)]


async def test_a_user_who_may_not_create_tables_needs_only_the_migration(database: Database) -> None:
    role = f"reader_{make_url(database.address).database}"
    await database.run(f"create role {role} login replication password 'reads'")
    await database.run("revoke create on schema public from public")
    await database.run("create publication cqrs_messages")
    try:
        with pytest.raises(InsufficientPrivilege):
            async with created(database, user=role, password="reads"):  # noqa: S106  # of a database that goes away
                pass
        await upgrade(database.engine, subjects=["log"])
        await database.run(f"grant select on cqrs_migrations to {role}")
        await database.run(f"grant select, insert, update on cqrs_log_positions to {role}")
        async with created(database, user=role, password="reads") as log:  # noqa: S106  # as above
            assert await log.lag() >= 0
    finally:
        await database.run(f"drop owned by {role}")
        await database.run(f"drop role {role}")


async def test_of_many_at_once_one_makes_it(database: Database) -> None:
    async def over_replication() -> None:
        stream = await LogStream.connect(words(database))
        try:
            await migrate(stream)
        finally:
            stream.close()

    await asyncio.gather(*(over_replication() for _ in range(3)), upgrade(database.engine, subjects=["log"]))
    assert await database.run("select subject, version from cqrs_migrations") == [("log", 1)]
    assert await check(database.engine, subjects=["log"]) == []
