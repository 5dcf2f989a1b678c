"""Messages that were added are objects of the session, although a commit inserts them without a flush."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import DeclarativeBase

from cqrs.outbox.sqlalchemy.repository import OutboxModelMixin
from tests.helpers.databases import KINDS, for_each
from tests.helpers.events import REGISTRY, numbered

if TYPE_CHECKING:
    import cqrs
    from tests.integration.sqlalchemy.backends import SqlBackend


class Unfinished(Exception):
    """Undoes a savepoint."""


backend = for_each(KINDS, "backend")


async def stored(repository: cqrs.SqlAlchemyOutboxedEventRepository, session: Any) -> list[str]:
    """The keys of what is in the table, in the order of their ids."""
    model = repository.model
    return list(await session.scalars(select(model.message_key).order_by(model.id)))


async def test_a_query_of_the_same_session_finds_what_waits(backend: SqlBackend) -> None:
    repository = backend.repository(registry=REGISTRY)
    async with repository as session:
        repository.add(session, numbered(1), key="1")
        assert await stored(repository, session) == ["1"]
        repository.add(session, numbered(2), key="2")
        await repository.commit(session)
    async with backend.sessions() as session:
        assert await stored(repository, session) == ["1", "2"]


async def test_a_message_around_a_savepoint_that_is_undone_stays(backend: SqlBackend) -> None:
    repository = backend.repository(registry=REGISTRY)
    async with repository as session:
        repository.add(session, numbered(1), key="1")
        with pytest.raises(Unfinished):
            async with session.begin_nested():
                repository.add(session, numbered(2), key="2")
                raise Unfinished
        repository.add(session, numbered(3), key="3")
        async with session.begin_nested():
            repository.add(session, numbered(4), key="4")
        await repository.commit(session)
    async with backend.sessions() as session:
        assert await stored(repository, session) == ["1", "3", "4"]


async def test_messages_undone_by_a_rollback_do_not_return_with_the_next_commit(backend: SqlBackend) -> None:
    async with backend.sessions() as session:
        repository = backend.repository(registry=REGISTRY)
        repository.add(session, numbered(1), key="1")
        await session.rollback()
        repository.add(session, numbered(2), key="2")
        await session.commit()
        assert await stored(repository, session) == ["2"]
        await session.commit()
        assert await stored(repository, session) == ["2"]


async def test_messages_with_and_without_a_delay_go_in_together(backend: SqlBackend) -> None:
    repository = backend.repository(registry=REGISTRY)
    async with repository as session:
        repository.add(session, numbered(1), key="1", delay=60)
        repository.add(session, numbered(2), key="2")
        await repository.commit(session)
    async with backend.sessions() as session:
        assert await stored(repository, session) == ["1", "2"]
    assert [each.event.payload for each in await repository.get_many()] == [2]


async def test_listeners_to_inserts_of_their_model_are_called(backend: SqlBackend) -> None:
    class Base(DeclarativeBase):
        pass

    class Mine(OutboxModelMixin, Base):
        __tablename__ = "mine"

    heard: list[str | None] = []
    event.listen(Mine, "before_insert", lambda _mapper, _connection, message: heard.append(message.message_key))
    async with backend.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    repository = backend.repository(registry=REGISTRY, model=Mine)
    async with repository as session:
        repository.add(session, numbered(1), key="1")
        await repository.commit(session)
    assert heard == ["1"]


async def test_messages_of_two_tables_go_in_with_one_commit(backend: SqlBackend) -> None:
    class Base(DeclarativeBase):
        pass

    class Other(OutboxModelMixin, Base):
        __tablename__ = "other"

    async with backend.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    one, other = backend.repository(registry=REGISTRY), backend.repository(registry=REGISTRY, model=Other)
    async with one as session:
        one.add(session, numbered(1), key="1")
        other.add(session, numbered(2), key="2")
        await one.commit(session)
    async with backend.sessions() as session:
        assert await stored(one, session) == ["1"]
        assert await stored(other, session) == ["2"]
