"""A table of ours that is missing, or older than the package, is named with the command that makes it, on every way."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

import cqrs
from cqrs.envelope import Envelope
from cqrs.errors import MigrationNeeded
from cqrs.leases.sqlalchemy.store import SqlAlchemyLeaseStore
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.migrations import upgrade
from cqrs.outbox.queue import Outcome, QueuedMessage
from cqrs.outbox.sqlalchemy.repository import OutboxModelMixin, SqlAlchemyOutboxedEventRepository
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until
from tests.integration.transactions.consuming import filled
from tests.integration.transactions.stand import REGISTRY, Service, Told, engine_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

ENVELOPE = Envelope(message_id=uuid.uuid4(), name="told", topic="news", body=b"{}")


@pytest.fixture
async def bare(address: str) -> AsyncIterator[Service]:
    """A service whose own tables are there, and none of ours."""
    made = Service(engine_at(address), engine_at(address))
    await made.db.create_all()
    yield made
    await made.engine.dispose()
    await made.outside.dispose()


async def add_and_commit(stand: Service) -> None:
    async with stand.db.outbox as session:
        stand.db.outbox.add(session, Told(payload="one"))
        await stand.db.outbox.commit(session)


async def add_and_flush(stand: Service) -> None:
    async with stand.db.transaction() as session:
        stand.db.outbox.add(Told(payload="one"))
        await session.flush()


async def commit_a_session_of_ones_own(stand: Service) -> None:
    async with stand.sessions() as session:
        stand.db.outbox.add(session, Told(payload="one"))
        await session.commit()


async def add_within_a_command(stand: Service) -> None:
    async def work() -> None:
        stand.db.outbox.add(Told(payload="one"))

    await stand.send(work)


async def record_within_a_command(stand: Service) -> None:
    async def work(events: cqrs.EventRecorder) -> None:
        events.record(Told(payload="one"))

    await stand.record(work)


async def cancel(stand: Service) -> None:
    async with stand.db.transaction():
        await stand.db.outbox.cancel(uuid.uuid4())


async def accept(stand: Service) -> None:
    async with stand.db.transaction():
        await stand.db.inbox.accept("billing", [ENVELOPE])


def sent() -> QueuedMessage:
    return QueuedMessage(1, 0, ENVELOPE, None, 0, scheduled=False, blocked=False)


WAYS: dict[str, tuple[str, Callable[[Service], Awaitable[Any]]]] = {
    "add and commit": ("outbox", add_and_commit),
    "add and flush": ("outbox", add_and_flush),
    "the commit of a session of one's own": ("outbox", commit_a_session_of_ones_own),
    "add within a command": ("outbox", add_within_a_command),
    "record within a command": ("outbox", record_within_a_command),
    "cancel": ("outbox", cancel),
    "get_many": ("outbox", lambda stand: stand.db.outbox.get_many()),
    "a relay takes": ("outbox", lambda stand: stand.db.outbox.queue().take(range(16), 10)),
    "a relay settles": ("", lambda stand: stand.db.outbox.queue().settle({0: 1}, Outcome(sent=[sent()]))),
    "a relay looks": ("outbox", lambda stand: stand.db.outbox.queue().oldest()),
    "a relay cleans": ("outbox", lambda stand: stand.db.outbox.queue().clean(dt.timedelta(0))),
    "a relay releases": ("outbox", lambda stand: stand.db.outbox.queue().release()),
    "parked messages": ("outbox", lambda stand: stand.db.outbox.parked.list()),
    "replay": ("outbox", lambda stand: stand.db.outbox.parked.replay()),
    "accept": ("inbox", accept),
    "the inbox is cleaned": ("inbox", lambda stand: stand.db.inbox.clean("billing", dt.timedelta(0))),
    "parked messages of the inbox": ("inbox", lambda stand: stand.db.inbox.parked.list("billing")),
    "leases": (
        "cqrs_lease",
        lambda stand: SqlAlchemyLeaseStore(stand.sessions).keep("outbox", "me", count=2, ttl=1.0),
    ),
    "leases are given up": ("cqrs_lease", lambda stand: SqlAlchemyLeaseStore(stand.sessions).leave("outbox", "me")),
}


def must_say_what_to_do(error: MigrationNeeded, stand: Service, table: str) -> None:
    address = stand.db.name
    assert error.table.startswith(table)
    assert (error.address, error.column) == (address, None)
    assert error.command == f"python -m cqrs db upgrade {address}"
    assert error.command in str(error)
    assert f"no table {error.table} " in str(error)
    password = make_url(stand.engine.url).password
    assert password is None or str(password) not in f"{error!r} {error}"


async def test_a_missing_table_is_named_on_every_way(bare: Service, subtests: pytest.Subtests) -> None:
    for name, (table, way) in WAYS.items():
        with subtests.test(name):
            with pytest.raises(MigrationNeeded) as caught:
                await way(bare)
            must_say_what_to_do(caught.value, bare, table)
    await bare.db.upgrade()
    await add_within_a_command(bare)
    assert await bare.messages() == ["one"]


async def test_a_missing_column_is_named(stand: Service) -> None:
    """The tables are those of an older version."""
    async with stand.outside.begin() as connection:
        await connection.execute(text("alter table outbox rename column partition_no to old_no"))
    for way in (add_within_a_command, lambda stand: stand.db.outbox.queue().take(range(16), 10)):
        with pytest.raises(MigrationNeeded, match="no column partition_no in the table outbox in ") as caught:
            await way(stand)
        assert (caught.value.table, caught.value.column) == ("outbox", "partition_no")


async def test_tables_of_another_name_are_created_by_the_printed_command(bare: Service) -> None:
    db = cqrs.Database(bare.sessions, registry=REGISTRY, outbox_table="parcels", inbox_table="letters")
    with pytest.raises(MigrationNeeded) as caught:
        await db.outbox.get_many()
    assert caught.value.command.endswith(" --outbox-table parcels")
    with pytest.raises(MigrationNeeded) as caught:
        await db.inbox.parked.list("billing")
    assert caught.value.command.endswith(" --inbox-table letters")


async def test_a_model_of_ones_own_is_known(bare: Service) -> None:
    class Own(DeclarativeBase):
        pass

    class Parcels(OutboxModelMixin, Own):
        __tablename__ = "own_parcels"

    outbox = SqlAlchemyOutboxedEventRepository(bare.sessions, model=Parcels, registry=REGISTRY)
    with pytest.raises(MigrationNeeded, match="own_parcels"):
        await outbox.get_many()


@pytest.mark.parametrize("statement", ["select * from not_ours", "select nonsense from outbox", "select id from inbox"])
async def test_missing_tables_of_the_user_are_reported_by_the_database_alone(stand: Service, statement: str) -> None:
    async def work() -> None:
        await stand.db.session.execute(text(statement))

    with pytest.raises(DBAPIError) as caught:
        await stand.send(work)
    assert not getattr(caught.value, "__notes__", [])


async def test_a_swallowed_error_of_a_missing_table_commits_nothing(bare: Service) -> None:
    async def work() -> None:
        await bare.write("undone")
        bare.db.outbox.add(Told(payload="one"))
        with pytest.raises(MigrationNeeded):
            await bare.db.session.flush()

    with pytest.raises(cqrs.CQRSError, match="MigrationNeeded"):
        await bare.send(work)
    assert await bare.notes() == []


async def test_a_relay_logs_the_remedy_once_and_continues_when_it_is_applied(
    bare: Service, caplog: pytest.LogCaptureFixture
) -> None:
    relay = OutboxRelay(bare.db.outbox, broker := MemoryMessageBroker())
    with caplog.at_level(logging.WARNING, logger="cqrs"):
        await relay.start()
        await until(lambda: "python -m cqrs db upgrade" in caplog.text)
        await bare.db.upgrade()
        await add_within_a_command(bare)
        await until(lambda: bool(broker.topic("news")))
        await relay.stop()


async def test_a_consumer_parks_nothing_while_a_table_is_missing(
    bare: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(event: Any) -> None:
        del event
        bare.db.outbox.add(Told(payload="one"))

    await upgrade(bare.engine, subjects=["inbox"])  # the outbox of its handlers is not there
    consumer = bare.consumer((await filled(2)).source("orders", group="g"), handle)
    with caplog.at_level(logging.WARNING, logger="cqrs"):
        await consumer.start()
        await until(lambda: "python -m cqrs db upgrade" in caplog.text)
        await bare.db.upgrade()
        await until(lambda: "goes on" in caplog.text)
        await consumer.stop()
    assert await bare.db.inbox.parked.list("billing") == []
    assert await bare.messages() == ["one", "one"]
