"""One instance of every error class, made of what it is made of in real calls."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pydantic

import cqrs
from cqrs import errors
from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.errors.deserializing import DeserializeError, DeserializeJsonError, DeserializeProtobufError
from cqrs.message_brokers.nats.link import NotPermitted
from cqrs.testing.faults import Fault
from tests.architecture.modules import modules

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pay(cqrs.Request):
    amount: int


class Paid(cqrs.NotificationEvent[int]):
    pass


class Payment(pydantic.BaseModel):
    amount: int


def _invalid() -> pydantic.ValidationError:
    try:
        Payment.model_validate({"amount": "many"})
    except pydantic.ValidationError as error:
        return error
    raise AssertionError


REFUSED = ConnectionRefusedError(111, "Connection refused")
PROBLEM = errors.WiringProblem("Pay", "nothing is bound", "Bind a handler")

INSTANCES: dict[type[BaseException], BaseException] = {
    type(error): error
    for error in (
        errors.CQRSError("own"),
        errors.AfterCommitError([ValueError("no mail"), REFUSED], answer=Payment(amount=7)),
        errors.BrokerUnavailable("Kafka at localhost:9092", REFUSED),
        errors.CircuitBreakerSettingsError([PROBLEM]),
        errors.CircuitOpenError("bank", 2.5),
        errors.ConcurrencyError("order-7", 3, 4),
        errors.DatabaseAddressError("sqlite://", "no file"),
        errors.DatabaseUnavailable("postgresql://db", REFUSED),
        errors.MigrationNeeded("outbox", "sqlite:///shop.db", "python -m cqrs db upgrade sqlite:///shop.db", "fence"),
        errors.DelayNeedsOutbox("paid"),
        errors.DependencyError(Payment, [Pay, Payment], "nothing is bound", "Bind one"),
        errors.EventClassRecorded(Paid),
        errors.EventNameConflict("paid", 1, Paid, Payment),
        errors.EventUnhandled(Paid),
        errors.OpenGenericEvent(Paid, (Paid,)),
        errors.EventsKeptElsewhere(Pay),
        errors.EventsKeptElsewhere(Pay, "_events"),
        errors.HandlerCancelled(Paid),
        errors.ImmutableEventError(Paid, "payload"),
        errors.NoEnvelope(),
        errors.NoEvent(list),
        errors.NotAwaited(Pay, type(None)),
        errors.NoMessageKey(Paid, "order_id", "Line has no 'order_id'"),
        errors.InboxConflict("billing"),
        errors.InvalidArgument("size", -1, "give a number of messages"),
        errors.InvalidEnvelope("orders", {"message-id": "7"}, _invalid()),
        errors.LogBusy("relay"),
        errors.LogSlotLost("relay"),
        errors.MigrationNeeded("outbox", "sqlite:///shop.db", "python -m cqrs db upgrade sqlite:///shop.db"),
        errors.UnreadableLog(b"R"),
        errors.UnreadableRow("its headers are no JSON"),
        errors.UnreadableBody("zlib", "its end is missing"),
        errors.UnfitMessage("order_placed", "headers['x']", "is None, and not a text", "leave it out"),
        errors.MessageRejected("Kafka", "0190", ValueError("too large")),
        errors.MigrationNeeded("outbox", "sqlite:///shop.db", "python -m cqrs db upgrade sqlite:///shop.db", "due"),
        errors.MigrationRefused("outbox", "it is newer"),
        errors.NoOpenTransaction("db.session"),
        errors.NoRequestScope(),
        errors.NotForTheLog("paid"),
        errors.OtherDatabase("the outbox", "db-a", "db-b"),
        errors.OtherTask("db.session"),
        errors.OutboxedEventMismatch("paid", 2, Paid, Payment),
        errors.ProtobufNotImplemented(Paid, "proto"),
        errors.RequestHandlerDoesNotExist(Pay, [Pay]),
        errors.RequestHandlerTypeError(Pay, "it streams: use stream()"),
        errors.SecondTransaction("A session", "db", "Use db.session."),
        errors.StreamTaskError(),
        errors.TransactionDoomed(_invalid()),
        errors.TransactionEnded("committed"),
        errors.UnitOfWorkStateError(),
        errors.UnknownCompression("lz4"),
        errors.WorkerCannotStart("shop", "Kafka at localhost:9092 is not available"),
        errors.UnknownEvent("paid", 3),
        errors.WakeUpsUnsupported("MemoryOutbox", "notify"),
        errors.WiringError([PROBLEM, PROBLEM]),
        NotAtOnce(),
        DeserializeError("no event", ValueError, b"x"),
        DeserializeJsonError("no JSON", pydantic.ValidationError, "{"),
        DeserializeProtobufError("no protobuf", ValueError, b"\x00"),
        Fault("outbox.claimed"),
        NotPermitted("orders"),
    )
}


def raised(kind: type[BaseException]) -> None:
    """Raise the instance of ``kind``, in whichever process."""
    raise INSTANCES[kind]


def error_classes() -> set[type[BaseException]]:
    """Every error class of the package that can reach a user."""
    for name in modules():
        if not name.startswith("cqrs.integrations.alembic_versions") and not name.endswith("__main__"):
            import_module(name)
    return {found for found in _below(Exception) if found.__module__.startswith("cqrs.") and _is_public(found)}


def _is_public(found: type) -> bool:
    own_of_a_suite = found.__module__.startswith("cqrs.testing.conformance")
    return not found.__name__.startswith("_") and not own_of_a_suite and found.__name__ not in NEVER_SEEN


NEVER_SEEN = {"ClientGone", "ServerStops", "CannotListen", "Outage"}
"""Control flow of one module: none of them leaves it."""


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _below(sub)
