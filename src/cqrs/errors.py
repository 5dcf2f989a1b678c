"""Every error this package raises on its own account; ring 0 of the architecture.

    CQRSError
    ├── WiringError                     what was bound cannot work; raised before anything runs
    │   └── CircuitBreakerSettingsError (also a ValueError) a circuit breaker was given settings it cannot work with
    ├── RequestHandlerDoesNotExist      (also a ValueError) nothing is bound for a request
    ├── RequestHandlerTypeError         (also a TypeError) what is bound cannot serve this call
    ├── StreamTaskError                 (also a RuntimeError) a stream was moved to another task
    ├── DependencyError                 a container cannot build something
    ├── CircuitOpenError                a circuit breaker refused the call
    ├── ImmutableEventError             (also an AttributeError) an event was about to be changed
    ├── EventClassRecorded              (also a TypeError) a class was recorded, and not an event
    ├── EventsKeptElsewhere             (also a TypeError) a handler keeps a list of events and records beside it
    ├── EventNameConflict               two event types claim one name and version
    ├── DeserializeError                bytes are not the message they should be (in cqrs.deserializers)
    │   ├── DeserializeJsonError        … not the JSON
    │   └── DeserializeProtobufError    … not the protobuf
    ├── InvalidArgument                 (also a ValueError and a TypeError) nothing can work with what was given
    ├── InvalidEnvelope                 a message on the wire does not say what it is
    ├── BrokerUnavailable               (also a ConnectionError) an outage: the message is fine, try again
    ├── MessageRejected                 a broker will never take this message
    ├── EventUnhandled                  (also a LookupError) nothing is bound for an event that has arrived
    ├── HandlerCancelled                a handler of an event that has arrived was cancelled, its turn was not
    ├── InboxConflict                   somebody else has brought the same message in: do it again
    ├── UnitOfWorkStateError            (also a RuntimeError) a transaction was used after its end
    ├── MigrationRefused                the database cannot be brought to the version that was asked for
    ├── DatabaseAddressError            (also a ValueError) an address leads to no database
    ├── DatabaseUnavailable             (also a ConnectionError) a database cannot be reached
    ├── LogBusy                         somebody else reads the log of an outbox
    ├── LogSlotLost                     the database has thrown away what was not read of its log
    ├── NotForTheLog                    (also a ValueError) a message must wait, and a log cannot hold it back
    ├── DelayNeedsOutbox                (also a ValueError) an event must wait, and there is no outbox for it to wait in
    ├── WakeUpsUnsupported              (also a ValueError) an outbox has no wake-ups of this kind
    ├── OutboxedEventMismatch           (also a TypeError) an event is not of the type that its name is registered for
    ├── UnknownCompression              (also a LookupError) stored bytes were compressed by something unknown
    ├── UnknownEvent                    (also a LookupError) no event type has this name and version
    └── ProtobufNotImplemented          (also a NotImplementedError) an event has no protobuf form

What a handler raises reaches the caller as it is: it is never wrapped in one of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqrs._generics import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence


class CQRSError(Exception):
    """The root: ``except CQRSError`` catches whatever this package raises on its own account."""


class InvalidArgument(CQRSError, ValueError, TypeError):
    """Nothing can work with what was given: ``argument`` is its name, ``value`` what it was, ``remedy`` what to give.

    Nothing has been done yet.
    """

    def __init__(self, argument: str, value: object, remedy: str) -> None:
        self.argument = argument
        self.value = value
        self.remedy = remedy
        super().__init__(f"{argument}={value!r}: {remedy}.")


@dataclass(frozen=True, slots=True)
class WiringProblem:
    """One mistake in what was bound: where it is, what is wrong, and what to change."""

    subject: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}. {self.remedy}."


class WiringError(CQRSError):
    """Bindings that cannot work, all of them at once.

    ``problems`` holds every mistake that was found. Raised while a mediator is built, before it accepts a request.
    """

    def __init__(self, problems: Sequence[WiringProblem]) -> None:
        self.problems = tuple(problems)
        count = "1 wiring problem" if len(self.problems) == 1 else f"{len(self.problems)} wiring problems"
        super().__init__("\n".join([f"{count}:", *(f"  {n}. {p}" for n, p in enumerate(self.problems, 1))]))


class CircuitBreakerSettingsError(WiringError, ValueError):
    """A circuit breaker was given settings it cannot work with, all of them at once in ``problems``."""


class RequestHandlerDoesNotExist(CQRSError, ValueError):
    """No handler is bound for ``request_type``; ``bound`` names the request types that have one."""

    def __init__(self, request_type: type, bound: Sequence[type] = ()) -> None:
        self.request_type = request_type
        self.bound = tuple(bound)
        known = ", ".join(sorted(t.__name__ for t in self.bound)) or "none"
        if issubclass(request_type, type):
            known += "; a class was sent, send an instance of it"
        super().__init__(
            f"No handler for {request_type.__name__}: bind one in commands_mapper or queries_mapper "
            f"(bound so far: {known})."
        )


class RequestHandlerTypeError(CQRSError, TypeError):
    """What is bound for ``request_type`` cannot serve this call; the text says which call can."""

    def __init__(self, request_type: type, problem: str) -> None:
        self.request_type = request_type
        super().__init__(f"{request_type.__name__}: {problem}")


class StreamTaskError(CQRSError, RuntimeError):
    """A middleware or circuit breaker ran the turn of a stream in a task of its own."""

    def __init__(self) -> None:
        super().__init__(
            "The turn of a stream must be awaited in the task that consumes it: await handle(request) directly, "
            "with asyncio.timeout() instead of asyncio.wait_for(), gather() or create_task()."
        )


class DependencyError(CQRSError):
    """A container cannot build ``required``.

    ``path`` lists the types that led there, the one that was asked for first.
    """

    def __init__(self, required: object, path: Sequence[object], problem: str, remedy: str) -> None:
        self.required = required
        self.path = tuple(path)
        self.problem = problem
        self.remedy = remedy
        chain = " → ".join(map(type_name, self.path))
        super().__init__(f"{chain}: {problem}. {remedy}." if chain else f"{problem}. {remedy}.")


class CircuitOpenError(CQRSError):
    """The circuit for ``identifier`` is open: the call was not made.

    ``retry_after`` is the time in seconds until the next probe is let through, ``None`` where it is not known.
    """

    def __init__(self, identifier: str, retry_after: float | None = None) -> None:
        self.identifier = identifier
        self.retry_after = retry_after
        when = "" if retry_after is None else f"; the next probe is due in {retry_after:.1f} s"
        super().__init__(f"The circuit breaker of {identifier} is open{when}. Use a fallback or try again later.")


class ImmutableEventError(CQRSError, AttributeError):
    """An attribute of an event was about to be changed after it had been set."""

    def __init__(self, event_type: type, attribute: str) -> None:
        self.event_type = event_type
        self.attribute = attribute
        super().__init__(
            f"{event_type.__name__}.{attribute} is already set and events are immutable: "
            "record a new event, or use dataclasses.replace()."
        )


class EventClassRecorded(CQRSError, TypeError):
    """``event_type`` itself was recorded, and not an instance of it."""

    def __init__(self, event_type: type) -> None:
        self.event_type = event_type
        super().__init__(f"{type_name(event_type)} is a class: record an instance, {event_type.__name__}(...).")


class EventsKeptElsewhere(CQRSError, TypeError):
    """``handler_type`` records an event, but its own property ``events`` does not show it: it would be lost."""

    def __init__(self, handler_type: type) -> None:
        self.handler_type = handler_type
        super().__init__(
            f"{type_name(handler_type)} has a property `events` of its own, which does not show what record() takes: "
            "append to the list that the property returns, or remove the property."
        )


class EventNameConflict(CQRSError):
    """Two event types claim the same ``name`` and ``version``."""

    def __init__(self, name: str, version: int, first: type, second: type) -> None:
        self.name = name
        self.version = version
        self.event_types = (first, second)
        super().__init__(
            f"{first.__qualname__} and {second.__qualname__} both claim the event name {name!r} version {version}: "
            "give one of them another name or version with @cqrs.event_type(...)."
        )


class UnknownEvent(CQRSError, LookupError):
    """No event type is registered under ``name`` and ``version``."""

    def __init__(self, name: str, version: int) -> None:
        self.name = name
        self.version = version
        super().__init__(
            f"No event type is registered as {name!r} version {version}: register its class under this "
            "name, with OutboxedEventMap.register() or in the registry that the reader was given."
        )


class ProtobufNotImplemented(CQRSError, NotImplementedError):
    """``event_type`` does not say how it looks in protobuf."""

    def __init__(self, event_type: type, method: str) -> None:
        self.event_type = event_type
        self.method = method
        super().__init__(
            f"{event_type.__name__} has no protobuf form: override {method}() in a subclass, with the generated class."
        )


class InvalidEnvelope(CQRSError):
    """A message arrived on ``topic`` whose ``headers`` do not identify it, or whose body is not what they say."""

    def __init__(self, topic: str, headers: dict[str, str], reason: Exception) -> None:
        self.topic = topic
        self.headers = headers
        self.reason = reason
        super().__init__(
            f"A message on {topic!r} cannot be read ({type(reason).__name__}: {reason}): send the headers message-id "
            "and message-name, or read this topic with a source that is told how to find them."
        )


class BrokerUnavailable(CQRSError, ConnectionError):
    """``broker`` cannot be reached or does not answer. Nothing is wrong with what was to be sent.

    ``remedy`` says what helps, where that is more than patience: a wrong password or certificate is an outage, too.
    """

    def __init__(self, broker: str, reason: BaseException | str, remedy: str = "try again later") -> None:
        self.broker = broker
        self.reason = reason
        self.remedy = remedy
        detail = reason if isinstance(reason, str) else f"{type(reason).__name__}: {reason}"
        super().__init__(f"{broker} is not available ({detail}): {remedy}.")


class MessageRejected(CQRSError):
    """``broker`` will never take the message ``message_id``: trying again does not help."""

    def __init__(self, broker: str, message_id: object, reason: BaseException | str) -> None:
        self.broker = broker
        self.message_id = message_id
        self.reason = reason
        detail = reason if isinstance(reason, str) else f"{type(reason).__name__}: {reason}"
        super().__init__(f"{broker} rejects the message {message_id} ({detail}): change the message or the broker.")


class EventUnhandled(CQRSError, LookupError):
    """A message that has arrived is an ``event_type``, and nothing is bound for that."""

    def __init__(self, event_type: type) -> None:
        self.event_type = event_type
        super().__init__(
            f"Nothing handles {type_name(event_type)}: bind a handler for exactly this type in events_mapper, or let "
            "the consumer skip what it does not know."
        )


class HandlerCancelled(CQRSError):
    """A handler of ``event_type`` has let a ``CancelledError`` out although nobody had cancelled its turn."""

    def __init__(self, event_type: type) -> None:
        self.event_type = event_type
        super().__init__(
            f"A handler of {type_name(event_type)} ended with a CancelledError that came from no canceller: a task or "
            "a future that it awaited was cancelled. Catch it there, and raise what it means."
        )


class InboxConflict(CQRSError):
    """Another transaction has changed what this one relied on in the inbox of ``consumer``; nothing took effect."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer
        super().__init__(
            f"Somebody else has worked on the same messages of {consumer!r}: begin again with a new unit of work."
        )


class UnitOfWorkStateError(CQRSError, RuntimeError):
    """A unit of work was used before it was opened or after its end, or there is none where one is needed."""

    def __init__(
        self, problem: str = "This unit of work is not open: use it within `async with`, and before commit or rollback."
    ) -> None:
        super().__init__(problem)


class OutboxedEventMismatch(CQRSError, TypeError):
    """The event ``name``, ``version`` is registered for ``expected``, and was added as an ``actual``."""

    def __init__(self, name: str, version: int, expected: type, actual: type) -> None:
        self.name = name
        self.version = version
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"As {name!r} version {version} an outbox takes a {type_name(expected)}, and this is a "
            f"{type_name(actual)}: add an event of that type, or register this type under a name of its own."
        )


class UnknownCompression(CQRSError, LookupError):
    """What is stored was compressed as ``compression``, which the reader does not know."""

    def __init__(self, compression: str) -> None:
        self.compression = compression
        super().__init__(
            f"Stored bytes are compressed as {compression!r}: give whoever reads them the compressor that wrote them."
        )


class MigrationRefused(CQRSError):
    """The tables ``table`` of a database cannot be migrated; the text says why."""

    def __init__(self, table: str, problem: str) -> None:
        self.table = table
        super().__init__(f"{table}: {problem}")


class DatabaseAddressError(CQRSError, ValueError):
    """The ``address`` of a database cannot be used; the text says why. No password is in either."""

    def __init__(self, address: str, problem: str) -> None:
        self.address = address
        super().__init__(f"{address}: {problem}")


class DatabaseUnavailable(CQRSError, ConnectionError):
    """The database at ``address``, which is without its password, cannot be reached or lets nobody in."""

    def __init__(self, address: str, reason: BaseException) -> None:
        self.address = address
        self.reason = reason
        super().__init__(
            f"No connection to {address} ({type(reason).__name__}: {reason}): check that the server runs, that the "
            "database is there, and user and password."
        )


class LogBusy(CQRSError):
    """Somebody else reads the log through ``slot``; only one may."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        super().__init__(f"Another relay reads through the replication slot {slot!r}: wait until it ends.")


class LogSlotLost(CQRSError):
    """The replication ``slot`` is gone or invalid: messages that stood only in the log and were not read are lost."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        super().__init__(
            f"The replication slot {slot!r} was dropped, was invalidated because the log grew too long, or was never "
            "made on this server. Messages that were not read are lost. Find out which they are, send them again, and "
            "call PostgresLog.create(after_loss=True)."
        )


class NotForTheLog(CQRSError, ValueError):
    """The message ``name`` has a delay or a due time, and goes into an outbox that is a log."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} shall not be sent at once, and a log holds nothing back: add it to an outbox in a table, "
            "SqlAlchemyOutboxedEventRepository, in the same transaction."
        )


class DelayNeedsOutbox(CQRSError, ValueError):
    """The event ``name`` shall not be sent at once, and it is sent without an outbox, straight to a broker."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} has a message_delay, and brokers hold nothing back: pass an outbox to the bootstrap, or let the "
            "delay be None."
        )


class WakeUpsUnsupported(CQRSError, ValueError):
    """``outbox`` has no wake-ups of this ``kind``."""

    def __init__(self, outbox: str, kind: str) -> None:
        self.outbox = outbox
        self.kind = kind
        super().__init__(
            f"{outbox} has no wake-ups of the kind {kind!r}: "
            "use 'auto' or 'poll'; with PostgreSQL also 'notify' or 'log'."
        )
