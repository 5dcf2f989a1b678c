"""Databases and repositories refuse what makes no sessions for them, and everything else of the wrong kind."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import cqrs
from cqrs.inbox.sqlalchemy.repository import SqlAlchemyInboxRepository
from cqrs.leases.sqlalchemy.store import SqlAlchemyLeaseStore
from cqrs.outbox.log.repository import PostgresLogOutboxedEventRepository
from cqrs.outbox.memory.repository import MemoryOutboxedEventRepository
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.unit.handed_over import things
from tests.unit.handed_over.things import NO_SESSIONS, Base, Note, db, engine, refused, sessions, table


async def without_session() -> None:
    pass


STORES = [
    SqlAlchemyOutboxedEventRepository,
    PostgresLogOutboxedEventRepository,
    SqlAlchemyInboxRepository,
    SqlAlchemyLeaseStore,
    SqlAlchemyUnitOfWork,
]


OUTBOXES = [MemoryOutboxedEventRepository, partial(SqlAlchemyOutboxedEventRepository, sessions)]


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("given", NO_SESSIONS)
def test_arguments_that_make_no_sessions_are_refused(store: Any, given: str) -> None:
    refused(lambda: store(NO_SESSIONS[given]()), "give an async_sessionmaker over an engine of create_async_engine()")


def test_leases_over_one_session_are_refused() -> None:
    refused(lambda: SqlAlchemyLeaseStore(sessions()), "give an async_sessionmaker")  # type: ignore[arg-type]


@pytest.mark.parametrize("given", sorted(set(NO_SESSIONS) - {"an engine", "a URL"}))
def test_arguments_that_lead_to_no_database_are_refused(given: str) -> None:
    refused(lambda: cqrs.Database(NO_SESSIONS[given]()), "give a URL, an engine")


@pytest.mark.parametrize("given", [sessions(), engine.url, Base, Path("shop.db")])
def test_a_database_at_no_address_is_refused(given: Any) -> None:
    refused(lambda: cqrs.Database(given), "give a URL, an engine")


@pytest.mark.parametrize(
    ("argument", "value"),
    table(
        metadata={"the base class": Base, "a text": "orders"},
        registry=things.NO_REGISTRY,
        on_begin={"a text": "SET x", "a plain function": lambda _: None, "of none": without_session},
        outbox_table={"a class": Base, "empty": ""},
        inbox_table={"a number": 3},
    ),
)
def test_parts_of_a_database_are_refused(argument: str, value: Any) -> None:
    refused(lambda: cqrs.Database(engine, **{argument: value}), argument)


@pytest.mark.parametrize("value", things.NO_REGISTRY.values(), ids=things.NO_REGISTRY)
def test_a_database_in_memory_refuses_what_is_no_registry(value: Any) -> None:
    refused(lambda: cqrs.MemoryDatabase(registry=value), "give a cqrs.EventRegistry()")


@pytest.mark.parametrize(
    "outbox", [MemoryOutboxedEventRepository, partial(SqlAlchemyOutboxedEventRepository, sessions)]
)
@pytest.mark.parametrize(
    ("argument", "value"),
    table(
        compressor=things.NO_COMPRESSOR,
        registry=things.NO_REGISTRY,
        serializer=things.NO_SERIALIZER,
        lease={"a number": 60, "negative": dt.timedelta(-1)},
    ),
)
def test_parts_of_an_outbox_are_refused(outbox: Any, argument: str, value: Any) -> None:
    refused(lambda: outbox(**{argument: value}), f"{argument}=")


def test_tables_that_are_none_are_refused() -> None:
    refused(lambda: SqlAlchemyOutboxedEventRepository(sessions, table_name=Base), "table_name=")  # type: ignore[arg-type]
    refused(lambda: SqlAlchemyOutboxedEventRepository(sessions, model=Base()), "give the mapped class")  # type: ignore[arg-type]
    refused(lambda: SqlAlchemyInboxRepository(sessions, table_name=""), "table_name=")


@pytest.mark.parametrize(
    "register",
    [
        lambda: cqrs.OutboxedEventMap.register(Note, "note"),  # type: ignore[arg-type]
        lambda: cqrs.OutboxedEventMap.register("noted", Note(event_name="noted", payload=1)),  # type: ignore[arg-type]
        lambda: cqrs.OutboxedEventMap.register("noted", "Note"),  # type: ignore[arg-type]
        lambda: cqrs.EventRegistry().register("note", Note),  # type: ignore[arg-type]
        lambda: cqrs.EventRegistry().register(Note, "note", "2"),  # type: ignore[arg-type]
    ],
)
def test_names_and_classes_of_events_that_are_swapped_are_refused(register: Any) -> None:
    refused(register)


def test_a_session_in_place_of_the_database_is_refused_without_a_transaction() -> None:
    refused(lambda: cqrs.TransactionMiddleware(db.session))  # type: ignore[arg-type]
