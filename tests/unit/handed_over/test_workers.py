"""Workers refuse what they would take for an outage later."""

from __future__ import annotations

from typing import Any

import pytest

import cqrs
from cqrs.integrations.faststream_inbox import Once
from cqrs.message_brokers.cloudevents.wrappers import CloudEventsBroker, CloudEventsSource
from cqrs.message_brokers.compressed import CompressedBroker
from cqrs.outbox.log.memory import MemoryLog, MemoryLogStore
from cqrs.outbox.memory.repository import MemoryOutboxedEventRepository
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.workers.relay.log_relay import LogRelay
from tests.unit.handed_over import things
from tests.unit.handed_over.things import broker, coroutine, db, memory, receiver, refused, sessions, source, table

NO_OUTBOX: dict[str, Any] = {
    "the database": db,
    "the class": SqlAlchemyOutboxedEventRepository,
    "nothing": None,
    "sessions": sessions,
    "a broker": broker,
}
NO_SENDER = {**things.NO_BROKER, "nothing": None}
LOG = MemoryLog(MemoryLogStore())


@pytest.mark.parametrize("make", [cqrs.OutboxRelay, cqrs.EventProducer])
@pytest.mark.parametrize(("argument", "value"), table(outbox=NO_OUTBOX, broker=NO_SENDER))
def test_a_relay_or_producer_of_the_wrong_parts_is_refused(make: Any, argument: str, value: Any) -> None:
    parts = {"outbox": db.outbox, "broker": broker, argument: value}
    if parts != {"outbox": broker, "broker": broker} or make is cqrs.OutboxRelay:
        refused(lambda: make(parts["outbox"], parts["broker"]))


@pytest.mark.parametrize(
    ("argument", "value"),
    table(
        policy={"one of a consumer": cqrs.ConsumerPolicy(), "the class": cqrs.RelayPolicy, "a dict": {}},
        wake_up={"a number": 3, "a word": "often", "a class": cqrs.Hooks},
        name={"a number": 3},
    ),
)
def test_settings_of_a_relay_are_refused(argument: str, value: Any) -> None:
    refused(lambda: cqrs.OutboxRelay(db.outbox, broker, **{argument: value}))


def test_a_relay_over_one_session_is_refused() -> None:
    refused(lambda: cqrs.OutboxRelay(SqlAlchemyOutboxedEventRepository(sessions()), broker))


@pytest.mark.parametrize(
    "parts",
    [
        (LOG, MemoryOutboxedEventRepository(), broker),
        (MemoryOutboxedEventRepository(), LOG, broker),  # no outbox in a log
        (db.outbox, LOG, broker),
    ],
)
def test_a_log_relay_of_the_wrong_parts_is_refused(parts: Any) -> None:
    refused(lambda: LogRelay(*parts), "give an outbox in a log")


@pytest.mark.parametrize(
    ("argument", "value"),
    table(
        source={
            "a broker": broker,
            "a URL": things.URL,
            "a class": type(source),
            "a list": [source],
            "swapped": receiver,
        },
        mediator={
            "one of requests": things.mediator,
            "the class": cqrs.EventMediator,
            "a function": coroutine,
            "a handler": things.OnHappened,
            "a map": cqrs.EventMap(),
        },
        name={"a number": 3, "empty": "", "nothing": None},
        database=things.NO_DATABASE,
        policy={"one of a relay": cqrs.RelayPolicy(), "the class": cqrs.ConsumerPolicy},
        registry=things.NO_REGISTRY,
        decode={"a text": "json", "async": coroutine, "of two": lambda _a, _b: None},
    ),
)
def test_a_consumer_of_the_wrong_parts_is_refused(argument: str, value: Any) -> None:
    parts = {"source": source, "mediator": receiver, "name": "billing", "database": memory, argument: value}
    refused(lambda: cqrs.Consumer(**parts))


@pytest.mark.parametrize("inbox", [type(memory.inbox), "inbox", memory, sessions])
def test_an_object_that_is_no_inbox_is_refused(inbox: Any) -> None:
    made = {"inbox": inbox, "unit_of_work": cqrs.MemoryUnitOfWork, "name": "billing"}
    refused(lambda: cqrs.Consumer(source, receiver, registry=cqrs.EventRegistry(), **made), "give an inbox")
    refused(lambda: Once(**made), "give an inbox")


@pytest.mark.parametrize(("argument", "value"), table(database=things.NO_DATABASE, name={"3": 3}, read={"a text": "x"}))
def test_once_with_the_wrong_parts_is_refused(argument: str, value: Any) -> None:
    refused(lambda: Once(**{"database": memory, "name": "billing", argument: value}))


@pytest.mark.parametrize("value", things.NO_DATABASE.values(), ids=things.NO_DATABASE)
def test_a_transaction_middleware_without_a_database_is_refused(value: Any) -> None:
    refused(lambda: cqrs.TransactionMiddleware(value))


@pytest.mark.parametrize("value", NO_SENDER.values(), ids=NO_SENDER)
def test_a_broker_around_no_broker_is_refused(value: Any) -> None:
    refused(lambda: CompressedBroker(value, cqrs.ZlibCompressor()), "broker=")
    refused(lambda: CloudEventsBroker(value, "/orders"), "broker=")


@pytest.mark.parametrize("value", [broker, "orders", type(source), None])
def test_a_source_around_no_source_is_refused(value: Any) -> None:
    refused(lambda: CloudEventsSource(value), "give a message source")


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (CompressedBroker, {"broker": broker, "compressor": cqrs.ZlibCompressor}),
        (CompressedBroker, {"broker": broker, "compressor": cqrs.ZlibCompressor(), "min_size": "1"}),
        (CloudEventsBroker, {"broker": broker, "source": 3}),
        (CloudEventsBroker, {"broker": broker, "source": "/orders", "mode": "xml"}),
        (cqrs.EventProducer, {"message_broker": broker, "repository": db.outbox, "poll_interval": "1"}),
        (cqrs.Retry, {"attempts": "3"}),
        (cqrs.Retry, {"attempts": 3, "on": ValueError()}),
        (cqrs.Retry, {"attempts": 3, "backoff": 1}),
        (cqrs.Backoff, {"first": "1"}),
        (cqrs.Backoff, {"longest": -1}),
        (cqrs.RetryMiddleware, {"retry": 3}),
        (cqrs.RetryMiddleware, {"retry": cqrs.Retry}),
        (cqrs.RelayPolicy, {"batch_size": "1"}),
        (cqrs.ConsumerPolicy, {"batch_size": "1"}),
    ],
)
def test_settings_of_the_wrong_kind_are_refused(make: Any, settings: dict[str, Any]) -> None:
    refused(lambda: make(**settings))
