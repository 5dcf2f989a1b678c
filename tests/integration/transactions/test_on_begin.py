"""``on_begin``: what every transaction needs first, such as the tenant that row-level security asks for."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

import cqrs
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import REGISTRY, Base, Note, Run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tests.integration.transactions.stand import Service

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")

POLICY = """
create role service;
grant all on all tables in schema public to service;
grant all on all sequences in schema public to service;
create table letters (id serial primary key, tenant text not null, what text not null);
grant all on letters to service;
grant all on sequence letters_id_seq to service;
alter table letters enable row level security;
create policy own on letters using (tenant = current_setting('app.tenant', true));
"""


def database(stand: Service, on_begin: Any) -> cqrs.Database:
    return cqrs.Database(stand.sessions, metadata=Base.metadata, registry=REGISTRY, on_begin=on_begin)


class Calls:
    """How often a transaction has begun."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, session: AsyncSession) -> None:
        self.count += 1
        await session.execute(text("select 1"))


async def test_it_is_called_once_in_each_transaction(stand: Service) -> None:
    calls = Calls()
    db = database(stand, calls)
    for _ in range(2):
        async with db.transaction() as session:
            await session.execute(text("select 1"))
            async with db.transaction():
                await session.execute(text("select 1"))
    assert calls.count == 2


async def test_it_is_not_called_where_nothing_is_asked(stand: Service) -> None:
    calls = Calls()
    async with database(stand, calls).transaction():
        pass
    assert calls.count == 0


async def test_it_is_called_again_where_a_first_nested_turn_was_undone(stand: Service) -> None:
    calls = Calls()
    db = database(stand, calls)
    async with db.transaction() as session:
        with pytest.raises(Deliberate):
            async with db.transaction():
                await session.execute(text("select 1"))
                raise Deliberate
        await session.execute(text("select 1"))
    assert calls.count == 2


async def test_it_is_called_in_a_separate_transaction_too(stand: Service) -> None:
    calls = Calls()
    db = database(stand, calls)
    async with db.transaction(), db.separate_transaction() as session:
        await session.execute(text("select 1"))
    assert calls.count == 1


async def test_writes_of_on_begin_are_part_of_the_transaction(stand: Service) -> None:
    async def sign(session: AsyncSession) -> None:
        session.add(Note(what="begun"))

    db = database(stand, sign)
    with pytest.raises(Deliberate):
        async with db.transaction() as session:
            await session.execute(text("select 1"))
            raise Deliberate
    async with db.transaction() as session:
        session.add(Note(what="one"))
    assert await stand.notes() == ["begun", "one"]


async def test_an_error_of_on_begin_ends_the_transaction(stand: Service) -> None:
    async def refuse(session: AsyncSession) -> None:
        raise Deliberate

    db = database(stand, refuse)

    async def work() -> None:
        db.session.add(Note(what="lost"))

    with pytest.raises(Deliberate):
        await stand.bootstrap(db).send(Run(work))
    assert await stand.notes() == []
    await stand.send(stand.writes("one"))
    assert await stand.notes() == ["one"]


async def test_the_session_of_the_transaction_can_be_used_in_it(stand: Service) -> None:
    """A repository over ``db.session`` may be called there; that must not begin for ever."""
    calls = Calls()

    async def begin(session: AsyncSession) -> None:
        await calls(session)

    db = database(stand, begin)
    async with db.transaction() as session:
        assert await session.scalar(text("select 40 + 2")) == 42
    assert calls.count == 1


@pytest.fixture
async def shielded(postgres_stand: Service) -> cqrs.Database:
    """A database whose letters are seen by their tenant only."""
    role = f"service_{postgres_stand.engine.url.database}"  # roles belong to the server, which others use too
    async with postgres_stand.outside.begin() as connection:
        for statement in POLICY.strip().split(";\n"):
            await connection.execute(text(statement.rstrip(";").replace("service", role)))

    async def choose(session: AsyncSession) -> None:
        await session.execute(text("select set_config('role', :role, true)"), {"role": role})
        await session.execute(text("select set_config('app.tenant', :tenant, true)"), {"tenant": TENANT.get()})

    return database(postgres_stand, choose)


async def write(db: cqrs.Database, what: str) -> None:
    statement = text("insert into letters (tenant, what) values (:tenant, :what)")
    await db.session.execute(statement, {"tenant": TENANT.get(), "what": what})


async def read(db: cqrs.Database) -> list[str]:
    return list(await db.session.scalars(text("select what from letters order by id")))


async def test_each_tenant_sees_its_own_rows(shielded: cqrs.Database) -> None:
    for tenant in ("acme", "emca"):
        TENANT.set(tenant)
        async with shielded.transaction():
            await write(shielded, tenant)
    seen = []
    for tenant in ("acme", "emca"):
        TENANT.set(tenant)
        async with shielded.transaction():
            seen.append(await read(shielded))
    assert seen == [["acme"], ["emca"]]


async def test_a_tenant_cannot_write_for_another(shielded: cqrs.Database) -> None:
    TENANT.set("acme")
    with pytest.raises(Exception, match="row-level security"):
        async with shielded.transaction() as session:
            await session.execute(text("insert into letters (tenant, what) values ('emca', 'lost')"))


async def test_the_tenant_is_set_again_after_a_first_nested_turn_that_was_undone(shielded: cqrs.Database) -> None:
    for tenant, what in (("emca", "not ours"), ("acme", "one")):
        TENANT.set(tenant)
        async with shielded.transaction():
            await write(shielded, what)
    async with shielded.transaction():
        with pytest.raises(Deliberate):
            async with shielded.transaction():
                await write(shielded, "undone")
                raise Deliberate
        assert await read(shielded) == ["one"]


async def test_the_next_transaction_of_the_connection_has_another_tenant(shielded: cqrs.Database) -> None:
    TENANT.set("acme")
    async with shielded.transaction():
        await write(shielded, "one")
    TENANT.set("emca")
    async with shielded.transaction():
        assert await read(shielded) == []
