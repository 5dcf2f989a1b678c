"""All errors that this package raises.

    CQRSError
    ├── WiringError                     bindings that cannot work; raised before anything runs
    │   └── CircuitBreakerSettingsError (also a ValueError) a circuit breaker cannot work with its settings
    ├── RequestHandlerDoesNotExist      (also a ValueError) no handler is bound for a request
    ├── RequestHandlerTypeError         (also a TypeError) the bound handler cannot serve this call
    ├── NotAwaited                      (also a TypeError) a handler has returned a coroutine as its answer
    ├── StreamTaskError                 (also a RuntimeError) a stream was moved to another task
    ├── DependencyError                 a container cannot build something
    ├── NoRequestScope                  (also a LookupError) no request scope is open
    ├── CircuitOpenError                a circuit breaker refused the call
    ├── ImmutableEventError             (also an AttributeError) an attribute of an event was set again
    ├── EventClassRecorded              (also a TypeError) a class was recorded instead of an event
    ├── NoEvent                         (also a TypeError) a list, a generator or None was recorded instead of an event
    ├── EventsKeptElsewhere             (also a TypeError) a handler keeps events where they are never read
    ├── EventNameConflict               two event types claim one name and version
    ├── NoEnvelope                      (also a LookupError) an envelope is needed where no message is consumed
    ├── NoMessageKey                    (also a ValueError) an event lacks the field with its message key
    ├── DeserializeError                bytes are not the expected message (in cqrs.deserializers)
    │   ├── DeserializeJsonError        … not the expected JSON
    │   └── DeserializeProtobufError    … not the expected protobuf
    ├── InvalidArgument                 (also a ValueError and a TypeError) an argument that cannot be used
    │   └── UnfitMessage                … because not every database and broker could take the new message
    ├── InvalidEnvelope                 a received message does not have a valid id or name
    ├── BrokerUnavailable               (also a ConnectionError) an outage: the message is fine, try again
    ├── MessageRejected                 a broker will never accept this message
    ├── OpenGenericEvent                (also a TypeError) an event of a generic class; only closed ones are bound
    ├── EventUnhandled                  (also a LookupError) no handler is bound for a received event
    ├── HandlerCancelled                a handler of a received event was cancelled, its turn was not
    ├── InboxConflict                   another worker has handled the same message: do it again
    ├── UnitOfWorkStateError            (also a RuntimeError) a transaction was used in a way that would lose data
    │   ├── NoOpenTransaction           no transaction is open
    │   ├── SecondTransaction           another transaction was begun besides the open one
    │   ├── OtherDatabase               the open transaction is one of another database
    │   ├── OtherTask                   the open transaction belongs to another task
    │   ├── TransactionEnded            it was committed, rolled back, or given up by the database
    │   └── TransactionDoomed           a part has failed and was not rolled back, so it cannot be committed
    ├── AfterCommitError                the transaction is committed, but a step after the commit has failed
    ├── ConcurrencyError                another transaction was faster: nothing has happened, do it again
    ├── MigrationNeeded                 a table of this package is missing or outdated
    ├── MigrationRefused                the database cannot be brought to the wanted version
    ├── DatabaseAddressError            (also a ValueError) the address of a database cannot be used
    ├── DatabaseUnavailable             (also a ConnectionError) a database cannot be reached
    ├── LogBusy                         another relay reads the log of an outbox
    ├── UnreadableLog                   the server has sent an invalid record of its log
    ├── LogSlotLost                     the database has discarded a part of its log that was not read
    ├── NotForTheLog                    (also a ValueError) a delayed message, which a log cannot hold back
    ├── DelayNeedsOutbox                (also a ValueError) a delayed event without an outbox to wait in
    ├── WakeUpsUnsupported              (also a ValueError) an outbox has no wake-ups of this kind
    ├── OutboxedEventMismatch           (also a TypeError) an event is not of the type registered for its name
    ├── UnknownCompression              (also a LookupError) stored bytes have an unknown compression
    ├── UnreadableBody                  (also a ValueError) a body cannot be decompressed, or becomes too large
    ├── UnreadableRow                   (also a ValueError) a row of an outbox is not in the format of this package
    ├── WorkerCannotStart               a worker cannot reach its broker or database at the start
    ├── UnknownEvent                    (also a LookupError) no event type has this name and version
    └── ProtobufNotImplemented          (also a NotImplementedError) an event has no protobuf form

The errors that handlers raise reach the caller unchanged, never wrapped in one of these.
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
