from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import DeclarativeBase

import cqrs
from cqrs.outbox.sqlalchemy.repository import OutboxModelMixin, outbox_model, rebind_outbox_model
from tests.helpers.databases import KINDS, for_each
from tests.helpers.events import REGISTRY, numbered

if TYPE_CHECKING:
    import pytest

    from tests.integration.sqlalchemy.backends import SqlBackend


backend = for_each(KINDS, "backend")


async def create(backend: SqlBackend, model: Any) -> None:
    async with backend.engine.begin() as connection:
        await connection.run_sync(model.metadata.create_all)


async def count(backend: SqlBackend, model: Any) -> int:
    async with backend.sessions() as session:
        return int(await session.scalar(select(func.count()).select_from(model)) or 0)


async def fill(repository: Any, *numbers: int) -> None:
    async with repository as session:
        for number in numbers:
            repository.add(session, numbered(number))
        await repository.commit(session)


async def test_a_repository_over_a_session_works_in_its_transaction(backend: SqlBackend) -> None:
    async with backend.sessions() as session:
        repository = cqrs.SqlAlchemyOutboxedEventRepository(session, registry=REGISTRY)
        repository.add(numbered(1))
        await repository.rollback()
        repository.add(numbered(2))
        await repository.commit()
        (event,) = await repository.get_many()
        assert event.event.payload == 2
        await repository.update_status(event.id, cqrs.EventStatus.PRODUCED)
        await session.commit()
        assert await repository.get_many() == []


async def test_the_table_is_named_by_argument_or_environment_when_it_is_built(
    backend: SqlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = backend.repository(registry=REGISTRY, table_name="by_argument")
    monkeypatch.setenv("OUTBOX_SQLA_TABLE", "by_environment")
    environment = backend.repository(registry=REGISTRY)
    monkeypatch.delenv("OUTBOX_SQLA_TABLE")
    assert backend.repository().model.__tablename__ == "outbox"
    for repository, name in ((named, "by_argument"), (environment, "by_environment")):
        assert repository.model.__tablename__ == name
        await create(backend, repository.model)
        await fill(repository, 1)
        assert await count(backend, outbox_model(name)) == 1


async def test_the_table_can_live_in_a_metadata_of_the_user(backend: SqlBackend) -> None:
    class Base(DeclarativeBase):
        pass

    class Mine(OutboxModelMixin, Base):
        __tablename__ = "mine"

    rebound = rebind_outbox_model(outbox_model("to_rebind"), Base, "rebound")
    assert set(Base.metadata.tables) == {"mine", "rebound"}
    await create(backend, Mine)
    for repository in (backend.repository(registry=REGISTRY, model=Mine), backend.repository(table_name="to_rebind")):
        repository.registry = REGISTRY
        await fill(repository, 1)
    assert [await count(backend, model) for model in (Mine, rebound)] == [1, 1]


async def test_sent_messages_are_kept_or_deleted(backend: SqlBackend) -> None:
    for keep, left in ((True, 1), (False, 1)):  # the second one leaves nothing behind
        repository = backend.repository(registry=REGISTRY, keep_produced=keep)
        await fill(repository, 1)
        (event,) = await repository.get_many()
        await repository.update_status(event.id, cqrs.EventStatus.PRODUCED)
        await repository.commit()
        assert await repository.get_many() == []
        assert await count(backend, repository.model) == left


async def test_a_poll_reads_no_row_that_was_sent(backend: SqlBackend) -> None:
    repository = backend.repository(registry=REGISTRY)
    await fill(repository, 1)
    row = {
        "message_id": numbered(1).event_id,
        "event_name": "numbered",
        "topic": "t",
        "partition_no": 0,
        "headers": "{}",
        "content_type": "c",
        "body": b"{}",
        "status": "produced",
        "pending": None,
    }
    async with backend.engine.begin() as connection:
        await connection.execute(insert(repository.model), [row] * 3000)
        await connection.execute(text("analyze table outbox" if connection.dialect.name == "mariadb" else "analyze"))
    query = "select id from outbox where pending = 1 and due_at is null order by due_at, id limit 10"
    explain = "explain query plan" if backend.engine.dialect.name == "sqlite" else "explain"
    async with backend.engine.connect() as connection:
        plan = " ".join(str(row) for row in await connection.execute(text(f"{explain} {query}")))
    assert "ix_outbox_pending" in plan, plan


DYING = """
import asyncio, datetime, sys
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
import cqrs

async def main():
    repository = cqrs.SqlAlchemyOutboxedEventRepository(
        async_sessionmaker(create_async_engine(sys.argv[1])), lease=datetime.timedelta(seconds=float(sys.argv[2]))
    )
    producer = cqrs.EventProducer(Printing(), repository)
    async for events in producer.event_batch_generator():
        for event in events:
            await producer.send_message(event)
        print("sent", flush=True)
        await asyncio.Event().wait()  # here it is killed, before it can settle

class Printing(cqrs.message_brokers.MessageBroker):
    async def send_message(self, message):
        print(message.message_id, flush=True)

asyncio.run(main())
"""


async def test_messages_unsettled_by_a_killed_loop_are_sent_again_under_the_same_ids(backend: SqlBackend) -> None:
    repository = backend.repository(registry=REGISTRY)
    await fill(repository, 1, 2, 3)
    address = backend.engine.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DYING, address, "2", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    first: list[str] = []
    while (line := (await process.stdout.readline()).decode().strip()) != "sent":
        assert line, "the process has ended"
        first.append(line)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert len(first) == 3
    again: list[Any] = []
    async with asyncio.timeout(30):
        while not again:
            again = await repository.get_many()
    assert [str(event.envelope.message_id) for event in again] == first
