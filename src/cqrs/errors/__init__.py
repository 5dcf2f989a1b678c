"""Every error this package raises on its own account; ring 0 of the architecture.

    CQRSError
    ├── WiringError                     what was bound cannot work; raised before anything runs
    │   └── CircuitBreakerSettingsError (also a ValueError) a circuit breaker was given settings it cannot work with
    ├── RequestHandlerDoesNotExist      (also a ValueError) nothing is bound for a request
    ├── RequestHandlerTypeError         (also a TypeError) what is bound cannot serve this call
    ├── NotAwaited                      (also a TypeError) a handler has returned a coroutine as its answer
    ├── StreamTaskError                 (also a RuntimeError) a stream was moved to another task
    ├── DependencyError                 a container cannot build something
    ├── NoRequestScope                  (also a LookupError) no request scope is open where one is asked for
    ├── CircuitOpenError                a circuit breaker refused the call
    ├── ImmutableEventError             (also an AttributeError) an event was about to be changed
    ├── EventClassRecorded              (also a TypeError) a class was recorded, and not an event
    ├── NoEvent                         (also a TypeError) a list, a generator or None was recorded, and not an event
    ├── EventsKeptElsewhere             (also a TypeError) a handler keeps events where nobody reads them
    ├── EventNameConflict               two event types claim one name and version
    ├── NoEnvelope                      (also a LookupError) the envelope is asked for where no message is consumed
    ├── NoMessageKey                    (also a ValueError) an event lacks the field that is to be its message key
    ├── DeserializeError                bytes are not the message they should be (in cqrs.deserializers)
    │   ├── DeserializeJsonError        … not the JSON
    │   └── DeserializeProtobufError    … not the protobuf
    ├── InvalidArgument                 (also a ValueError and a TypeError) nothing can work with what was given
    │   └── UnfitMessage                … because not every database and broker could have the new message
    ├── InvalidEnvelope                 a message on the wire does not say what it is
    ├── BrokerUnavailable               (also a ConnectionError) an outage: the message is fine, try again
    ├── MessageRejected                 a broker will never take this message
    ├── OpenGenericEvent                (also a TypeError) an event of a generic class, and only closed ones are bound
    ├── EventUnhandled                  (also a LookupError) nothing is bound for an event that has arrived
    ├── HandlerCancelled                a handler of an event that has arrived was cancelled, its turn was not
    ├── InboxConflict                   somebody else has brought the same message in: do it again
    ├── UnitOfWorkStateError            (also a RuntimeError) a transaction was used in a way that would lose something
    │   ├── NoOpenTransaction           none is open where one is needed
    │   ├── SecondTransaction           another one was begun beside the open one
    │   ├── OtherDatabase               the open one is one of another database
    │   ├── OtherTask                   the open one belongs to another task
    │   ├── TransactionEnded            it has been committed, undone, or given up by the database
    │   └── TransactionDoomed           a part of it has failed and was not undone, so it cannot be committed
    ├── AfterCommitError                the transaction is committed, and what was to follow has failed
    ├── ConcurrencyError                another transaction was faster: nothing has happened, do it again
    ├── MigrationNeeded                 a table of this package is missing, or of an older version
    ├── MigrationRefused                the database cannot be brought to the version that was asked for
    ├── DatabaseAddressError            (also a ValueError) an address leads to no database
    ├── DatabaseUnavailable             (also a ConnectionError) a database cannot be reached
    ├── LogBusy                         somebody else reads the log of an outbox
    ├── UnreadableLog                   the server has sent something that is no record of its log
    ├── LogSlotLost                     the database has thrown away what was not read of its log
    ├── NotForTheLog                    (also a ValueError) a message must wait, and a log cannot hold it back
    ├── DelayNeedsOutbox                (also a ValueError) an event must wait, and there is no outbox for it to wait in
    ├── WakeUpsUnsupported              (also a ValueError) an outbox has no wake-ups of this kind
    ├── OutboxedEventMismatch           (also a TypeError) an event is not of the type that its name is registered for
    ├── UnknownCompression              (also a LookupError) stored bytes were compressed by something unknown
    ├── UnreadableBody                  (also a ValueError) compressed bytes cannot be restored, or become too many
    ├── UnreadableRow                   (also a ValueError) a row of an outbox does not hold what this package stores
    ├── WorkerCannotStart               a worker cannot reach what it needs when it begins
    ├── UnknownEvent                    (also a LookupError) no event type has this name and version
    └── ProtobufNotImplemented          (also a NotImplementedError) an event has no protobuf form

What a handler raises reaches the caller as it is: it is never wrapped in one of these.
"""

from cqrs.errors.databases import (
    DatabaseAddressError,
    DatabaseUnavailable,
    LogBusy,
    LogSlotLost,
    MigrationNeeded,
    MigrationRefused,
    UnreadableLog,
)
from cqrs.errors.events import (
    EventClassRecorded,
    EventNameConflict,
    EventsKeptElsewhere,
    EventUnhandled,
    HandlerCancelled,
    ImmutableEventError,
    NoEvent,
    NoMessageKey,
    OpenGenericEvent,
    ProtobufNotImplemented,
    UnknownEvent,
)
from cqrs.errors.messages import (
    BrokerUnavailable,
    DelayNeedsOutbox,
    InboxConflict,
    InvalidEnvelope,
    MessageRejected,
    NoEnvelope,
    NotForTheLog,
    OutboxedEventMismatch,
    UnfitMessage,
    UnknownCompression,
    UnreadableBody,
    UnreadableRow,
    WakeUpsUnsupported,
)
from cqrs.errors.requests import (
    CircuitOpenError,
    NotAwaited,
    RequestHandlerDoesNotExist,
    RequestHandlerTypeError,
    StreamTaskError,
)
from cqrs.errors.root import CQRSError, InvalidArgument
from cqrs.errors.transactions import (
    AfterCommitError,
    ConcurrencyError,
    NoOpenTransaction,
    OtherDatabase,
    OtherTask,
    SecondTransaction,
    TransactionDoomed,
    TransactionEnded,
    UnitOfWorkStateError,
)
from cqrs.errors.wiring import CircuitBreakerSettingsError, DependencyError, NoRequestScope, WiringError, WiringProblem
from cqrs.errors.workers import WorkerCannotStart

__all__ = [
    "AfterCommitError",
    "BrokerUnavailable",
    "CQRSError",
    "CircuitBreakerSettingsError",
    "CircuitOpenError",
    "ConcurrencyError",
    "DatabaseAddressError",
    "DatabaseUnavailable",
    "DelayNeedsOutbox",
    "DependencyError",
    "EventClassRecorded",
    "EventNameConflict",
    "EventUnhandled",
    "EventsKeptElsewhere",
    "HandlerCancelled",
    "ImmutableEventError",
    "InboxConflict",
    "InvalidArgument",
    "InvalidEnvelope",
    "LogBusy",
    "LogSlotLost",
    "MessageRejected",
    "MigrationNeeded",
    "MigrationRefused",
    "NoEnvelope",
    "NoEvent",
    "NoMessageKey",
    "NoOpenTransaction",
    "NoRequestScope",
    "NotAwaited",
    "NotForTheLog",
    "OpenGenericEvent",
    "OtherDatabase",
    "OtherTask",
    "OutboxedEventMismatch",
    "ProtobufNotImplemented",
    "RequestHandlerDoesNotExist",
    "RequestHandlerTypeError",
    "SecondTransaction",
    "StreamTaskError",
    "TransactionDoomed",
    "TransactionEnded",
    "UnfitMessage",
    "UnitOfWorkStateError",
    "UnknownCompression",
    "UnknownEvent",
    "UnreadableBody",
    "UnreadableLog",
    "UnreadableRow",
    "WakeUpsUnsupported",
    "WiringError",
    "WiringProblem",
    "WorkerCannotStart",
]
