"""A ``Database`` that was made from a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

import cqrs
from cqrs.errors import DatabaseAddressError, InvalidArgument, UnitOfWorkStateError
from tests.integration.transactions.stand import REGISTRY, Base, Run, Told, note

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.transactions.stand import Service


async def test_it_makes_its_tables_and_ours(address: str) -> None:
    async with cqrs.Database(address, metadata=Base.metadata, registry=REGISTRY) as db:
        assert await db.upgrade() != []
        assert await db.upgrade() == []
        await db.create_all()
        await db.create_all()
        async with db.transaction() as session:
            await note(session, "one")
            db.outbox.add(Told(payload="one"))
        assert len(await db.outbox.get_many(10)) == 1


async def test_it_can_be_used_again_after_it_was_closed(address: str, stand: Service) -> None:
    db = cqrs.Database(address, metadata=Base.metadata, registry=REGISTRY)
    for what in ("one", "two"):
        async with db:
            async with db.transaction() as session:
                await note(session, what)
            db.outbox.queue()
    assert await stand.notes() == ["one", "two"]


async def test_its_session_finds_its_transaction_after_it_was_closed(address: str, stand: Service) -> None:
    db = cqrs.Database(address, metadata=Base.metadata, registry=REGISTRY)
    session, mediator = db.session, stand.bootstrap(db)
    for what in ("one", "two"):
        async with db:
            await mediator.send(Run(lambda what=what: note(session, what)))
    assert await stand.notes() == ["one", "two"]


async def test_an_engine_that_was_given_stays_open(stand: Service) -> None:
    async with cqrs.Database(stand.engine) as db, db.transaction() as session:
        await session.execute(text("select 1"))
    await stand.send(stand.writes("one"))
    assert await stand.notes() == ["one"]


async def test_nothing_connects_before_the_first_statement() -> None:
    db = cqrs.Database("postgresql://nobody@192.0.2.1/nothing")
    async with db.transaction():
        pass
    assert "192.0.2.1" in repr(db)


async def test_a_password_is_not_shown() -> None:
    db = cqrs.Database("postgresql://me:secret@192.0.2.1/nothing")
    assert "secret" not in repr(db) + db.name


async def test_a_url_of_no_server_raises_at_the_first_use() -> None:
    db = cqrs.Database("oracle://somewhere")
    with pytest.raises(DatabaseAddressError):
        assert db.engine


async def test_tables_without_metadata_cannot_be_created(tmp_path: Path) -> None:
    async with cqrs.Database(f"sqlite:///{tmp_path}/test.db") as db:
        with pytest.raises(UnitOfWorkStateError, match="metadata="):
            await db.create_all()


@pytest.mark.parametrize("given", [None, 42, object(), Base.metadata])
def test_a_database_over_anything_but_a_source_of_sessions_is_refused(given: object) -> None:
    with pytest.raises(InvalidArgument, match="async_sessionmaker"):
        cqrs.Database(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["mariadb+pymysql://me:secret@host/shop", "postgresql://me:sec@ret@host/shop"])
def test_a_database_that_cannot_be_used_is_shown_all_the_same(address: str) -> None:
    db = cqrs.Database(address)
    with pytest.raises(DatabaseAddressError) as refused:
        assert db.engine
    assert repr(db) == f"Database({refused.value.address!r})"
    assert "sec" not in repr(db)
