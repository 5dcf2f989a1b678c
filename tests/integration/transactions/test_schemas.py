"""Tenants with a schema each in one PostgreSQL: a `Database` each, over one engine."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from typer.testing import CliRunner

import cqrs
from cqrs.cli.app import app
from cqrs.errors import InvalidArgument, MigrationNeeded, OtherDatabase, SecondTransaction
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.migrations import check, downgrade, sql, upgrade
from cqrs.requests.bootstrap import bootstrap
from cqrs.workers.consumer.consumer import Consumer
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until
from tests.integration.transactions.stand import (
    REGISTRY,
    Base,
    Note,
    Ordered,
    Run,
    Told,
    bind,
    elsewhere,
    note,
    ordered,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

TENANTS = ("ada", "bob")


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(postgres_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def tenants(engine: AsyncEngine) -> list[cqrs.Database[Any]]:
    made = [cqrs.Database(engine, metadata=Base.metadata, registry=REGISTRY, schema=name) for name in TENANTS]
    for db in made:
        await db.upgrade()
        await db.create_all()
    return made


async def rows(engine: AsyncEngine, table: str, column: str) -> dict[str, list[Any]]:
    """What is committed, by schema."""

    async def look() -> dict[str, list[Any]]:
        async with engine.connect() as connection:
            return {
                name: list(await connection.scalars(text(f"select {column} from {name}.{table} order by 1")))  # noqa: S608
                for name in TENANTS
            }

    return await elsewhere(look())


async def test_each_tenant_has_its_rows_and_messages(tenants: list[cqrs.Database[Any]], engine: AsyncEngine) -> None:
    for db, name in zip(tenants, TENANTS, strict=True):

        async def work(db: cqrs.Database[Any] = db, name: str = name) -> None:
            await note(db.session, name)
            await db.session.execute(text("insert into notes (what) values ('by hand')"))
            await (await db.connection()).execute("insert into notes (what) values ('by the driver')")
            db.outbox.add(Told(payload=name))

        await bootstrap(commands_mapper=bind, database=db).send(Run(work))
    assert await rows(engine, "notes", "what") == {name: [name, "by hand", "by the driver"] for name in TENANTS}
    assert await rows(engine, "outbox", "count(*)") == {name: [1] for name in TENANTS}
    async with engine.connect() as connection:
        assert await connection.scalar(text("show search_path")) == '"$user", public'


async def test_a_relay_sends_what_its_schema_holds(tenants: list[cqrs.Database[Any]], engine: AsyncEngine) -> None:
    brokers = [MemoryMessageBroker(), MemoryMessageBroker()]
    relays = [OutboxRelay(db.outbox, broker) for db, broker in zip(tenants, brokers, strict=True)]
    async with relays[0], relays[1]:
        for db, name in zip(tenants, TENANTS, strict=True):
            async with db.transaction():
                db.outbox.add(Told(payload=name))
        await until(lambda: all(broker.topic("news") for broker in brokers))
    sent = [[json.loads(message.payload)["payload"] for message in broker.topic("news")] for broker in brokers]
    assert sent == [["ada"], ["bob"]]
    assert await rows(engine, "outbox", "status") == {name: ["produced"] for name in TENANTS}
    assert await rows(engine, "cqrs_leases", "count(*) > 0") == {name: [True] for name in TENANTS}


async def test_a_commit_wakes_the_relay_of_its_schema(tenants: list[cqrs.Database[Any]], postgres_url: str) -> None:
    """That of another process, which is woken by NOTIFY."""
    elsewhere_engine = create_async_engine(postgres_url)
    heard = []
    for db in tenants:
        there = cqrs.Database(elsewhere_engine, registry=REGISTRY, schema=db.name.rpartition(" ")[2])
        heard.append(there.outbox.wakeups("notify"))
    assert len({wakeups._announcer.channel for wakeups in heard}) == len(TENANTS)  # type: ignore[attr-defined]
    await elsewhere_engine.dispose()


async def test_a_consumer_marks_in_its_schema(tenants: list[cqrs.Database[Any]], engine: AsyncEngine) -> None:
    db = tenants[1]

    async def handle(event: Ordered) -> None:
        await note(db.session, f"order {event.payload}")

    broker = MemoryMessageBroker()
    await broker.send_message(ordered(1))
    mediator = bootstrap_events(events_mapper=lambda m: m.bind(Ordered, handle), database=db)
    async with Consumer(broker.source("orders", group="g"), mediator, name="billing", database=db) as consumer:
        await consumer.started()
    assert await rows(engine, "notes", "what") == {"ada": [], "bob": ["order 1"]}
    assert await rows(engine, "inbox", "consumer") == {"ada": [], "bob": ["billing"]}


async def test_transactions_of_two_tenants_are_two(tenants: list[cqrs.Database[Any]], engine: AsyncEngine) -> None:
    ada, bob = tenants
    with pytest.raises(ZeroDivisionError):
        async with ada.transaction() as session:
            await note(session, "undone")
            async with bob.transaction() as other:
                await note(other, "kept")
                assert (await other.connection(), await session.connection()) == (
                    await bob.session.connection(),
                    await ada.session.connection(),
                )
            raise ZeroDivisionError
    assert await rows(engine, "notes", "what") == {"ada": [], "bob": ["kept"]}


async def test_objects_of_another_schema_are_refused_within_a_transaction(
    tenants: list[cqrs.Database[Any]], engine: AsyncEngine
) -> None:
    ada, bob = tenants
    async with ada.transaction():
        with pytest.raises(OtherDatabase, match="schema bob"):
            bob.outbox.add(Told(payload="lost"))
        with pytest.raises(OtherDatabase, match="schema bob"):
            await bob.session.execute(select(Note))
        with pytest.raises(SecondTransaction):
            async with AsyncSession(engine) as session:
                await note(session, "in no schema")


async def test_a_session_of_no_schema_does_not_take_the_messages_of_one(
    tenants: list[cqrs.Database[Any]], engine: AsyncEngine
) -> None:
    async with AsyncSession(engine) as session:
        with pytest.raises(OtherDatabase, match="schema ada"):
            tenants[0].outbox.add(session, Told(payload="lost"))


@pytest.mark.parametrize("options", [{"read_only": True}, {"isolation_level": "SERIALIZABLE"}])
async def test_a_transaction_of_each_kind_is_in_its_schema(
    tenants: list[cqrs.Database[Any]], options: dict[str, Any]
) -> None:
    async with tenants[0].transaction() as session:
        await note(session, "one")
    async with tenants[0].transaction(**options) as session:
        assert list(await session.scalars(select(Note.what))) == ["one"]
        assert await session.scalar(text("show search_path")) == "ada"


async def test_sessions_of_ones_own_class_and_urls_have_schemas(
    tenants: list[cqrs.Database[Any]], engine: AsyncEngine, postgres_url: str
) -> None:
    class Session(AsyncSession):
        pass

    del tenants
    own = cqrs.Database(async_sessionmaker(engine, class_=Session), schema="ada")
    async with own.transaction() as session:
        assert isinstance(session, Session)
        await note(session, "one")
    async with cqrs.Database(postgres_url, schema="ada") as by_url, by_url.transaction() as session:
        assert list(await session.scalars(select(Note.what))) == ["one"]


async def test_the_tables_of_a_schema_are_made_checked_and_removed(engine: AsyncEngine, postgres_url: str) -> None:
    db = cqrs.Database(engine, registry=REGISTRY, schema="ada")
    with pytest.raises(MigrationNeeded) as caught:
        await db.outbox.get_many()
    assert caught.value.command.endswith(" --schema ada")
    done = await asyncio.to_thread(
        CliRunner().invoke, app, ["db", "upgrade", "--schema", "ada"], env={"CQRS_DATABASE_URL": postgres_url}
    )
    assert done.exit_code == 0, done.output
    assert await db.outbox.get_many() == []
    assert await check(engine, schema="ada") == []
    assert await check(engine) != []
    assert await upgrade(engine, schema="ada") == []
    assert await downgrade(engine, schema="ada") != []
    assert await check(engine, schema="ada") != []


async def test_printed_statements_make_the_schema(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for statement in sql("postgresql", schema="ada").split(";\n"):
            if statement.strip():
                await connection.exec_driver_sql(statement)
    assert await check(engine, schema="ada") == []


@pytest.mark.parametrize("schema", ["Ada", "", "a b", 'a"; drop table x; --', 7, "a" * 41])
def test_a_name_that_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidArgument, match="small letters"):
        cqrs.Database("postgresql://db/shop", schema=schema)


@pytest.mark.parametrize("address", ["sqlite+aiosqlite:///shop.db", "mariadb+asyncmy://db/shop"])
def test_other_databases_have_no_schemas(address: str) -> None:
    engine = create_async_engine(address)
    for source in (address, engine, async_sessionmaker(engine)):
        with pytest.raises(InvalidArgument, match="only PostgreSQL"):
            cqrs.Database(source, schema="ada")
