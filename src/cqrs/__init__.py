"""cqrskit: commands, queries and events for services that must not lose money or messages.

Start with ``cqrs.requests.bootstrap``. Importing this package loads no driver and does nothing else; a name of it is
imported from its module when it is first used.
"""

import typing
from importlib import import_module as _import_module

if typing.TYPE_CHECKING:
    from cqrs import errors
    from cqrs.assembly.command_bus import CommandBus
    from cqrs.assembly.database import Database as Database
    from cqrs.assembly.memory_database import MemoryDatabase
    from cqrs.backoff import Backoff, Retry
    from cqrs.circuit_breaker.protocol import ICircuitBreaker
    from cqrs.compressors import Compressor, ZlibCompressor
    from cqrs.container import Container, Resolver, current_scope
    from cqrs.envelope import Envelope
    from cqrs.errors import AfterCommitError, ConcurrencyError, CQRSError
    from cqrs.events import (
        DCDomainEvent,
        DCEvent,
        DCNotificationEvent,
        DomainEvent,
        ECSTEvent,
        Event,
        EventEmitter,
        EventHandler,
        EventHandlerFallback,
        EventMap,
        EventRecorder,
        EventRegistry,
        IDomainEvent,
        IEvent,
        INotificationEvent,
        NotificationEvent,
        PydanticDomainEvent,
        PydanticEvent,
        PydanticNotificationEvent,
        event_type,
    )
    from cqrs.inbox import InboxRepository, MemoryInboxRepository
    from cqrs.inbox.sqlalchemy.repository import SqlAlchemyInboxRepository as SqlAlchemyInboxRepository
    from cqrs.mediator import EventMediator, RequestMediator, StreamingRequestMediator
    from cqrs.middlewares import Middleware, MiddlewareChain, RetryMiddleware, TransactionMiddleware
    from cqrs.observability import Hooks
    from cqrs.outbox import (
        EventStatus,
        OutboxedEvent,
        OutboxedEventMap,
        OutboxedEventRepository,
        ParkedMessage,
    )
    from cqrs.outbox.sqlalchemy.model import rebind_outbox_model as rebind_outbox_model
    from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository as SqlAlchemyOutboxedEventRepository
    from cqrs.producer import EventProducer
    from cqrs.requests import (
        CORRequestHandler,
        DCRequest,
        IRequest,
        PydanticRequest,
        Request,
        RequestHandler,
        RequestHandlerFallback,
        RequestMap,
        StreamingRequestHandler,
    )
    from cqrs.requests.mermaid import CoRMermaid
    from cqrs.response import DCResponse, IResponse, PydanticResponse, Response
    from cqrs.unit_of_work import MemoryUnitOfWork, UnitOfWork, current_unit_of_work
    from cqrs.unit_of_work.options import TransactionOptions, transaction_options
    from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork as SqlAlchemyUnitOfWork
    from cqrs.workers import Consumer, ConsumerPolicy, OutboxRelay, RelayPolicy

__all__ = [
    "AfterCommitError",
    "Backoff",
    "CORRequestHandler",
    "CQRSError",
    "CoRMermaid",
    "CommandBus",
    "Compressor",
    "ConcurrencyError",
    "Consumer",
    "ConsumerPolicy",
    "Container",
    "DCDomainEvent",
    "DCEvent",
    "DCNotificationEvent",
    "DCRequest",
    "DCResponse",
    "DomainEvent",
    "ECSTEvent",
    "Envelope",
    "Event",
    "EventEmitter",
    "EventHandler",
    "EventHandlerFallback",
    "EventMap",
    "EventMediator",
    "EventProducer",
    "EventRecorder",
    "EventRegistry",
    "EventStatus",
    "Hooks",
    "ICircuitBreaker",
    "IDomainEvent",
    "IEvent",
    "INotificationEvent",
    "IRequest",
    "IResponse",
    "InboxRepository",
    "MemoryDatabase",
    "MemoryInboxRepository",
    "MemoryUnitOfWork",
    "Middleware",
    "MiddlewareChain",
    "NotificationEvent",
    "OutboxRelay",
    "OutboxedEvent",
    "OutboxedEventMap",
    "OutboxedEventRepository",
    "ParkedMessage",
    "PydanticDomainEvent",
    "PydanticEvent",
    "PydanticNotificationEvent",
    "PydanticRequest",
    "PydanticResponse",
    "RelayPolicy",
    "Request",
    "RequestHandler",
    "RequestHandlerFallback",
    "RequestMap",
    "RequestMediator",
    "Resolver",
    "Response",
    "Retry",
    "RetryMiddleware",
    "StreamingRequestHandler",
    "StreamingRequestMediator",
    "TransactionMiddleware",
    "TransactionOptions",
    "UnitOfWork",
    "ZlibCompressor",
    "current_scope",
    "current_unit_of_work",
    "errors",
    "event_type",
    "transaction_options",
]

# The modules that have these names, and that can be reached by `import cqrs` alone. What is quick to import is first.
_MODULES = (
    "errors",
    "circuit_breaker",
    "observability",
    "response",
    "envelope",
    "requests",
    "events",
    "container",
    "middlewares",
    "requests.mermaid",
    "mediator",
    "assembly.command_bus",
    "dispatcher",
    "message_brokers",
    "compressors",
    "backoff",
    "unit_of_work",
    "unit_of_work.options",
    "outbox",
    "inbox",
    "producer",
    "assembly.memory_database",
    "workers",
)

# Names that need a driver: `from cqrs import *` leaves them out, because it would load the driver.
_WITH_DRIVER = {
    "Database": "assembly.database",
    "SqlAlchemyInboxRepository": "inbox.sqlalchemy",
    "SqlAlchemyOutboxedEventRepository": "outbox.sqlalchemy",
    "SqlAlchemyUnitOfWork": "unit_of_work.sqlalchemy.unit",
    "rebind_outbox_model": "outbox.sqlalchemy.model",
}

if not typing.TYPE_CHECKING:  # or a type checker would believe in every name

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return _import_module(f"cqrs.{name}")
        if name in _WITH_DRIVER:
            try:
                return getattr(_import_module(f"cqrs.{_WITH_DRIVER[name]}"), name)
            except ModuleNotFoundError as error:
                error.add_note(f"cqrs.{name} needs it: install cqrskit[sqlite], cqrskit[postgres] or cqrskit[mariadb].")
                raise
        if name in __all__:
            for module in _MODULES:
                found = getattr(_import_module(f"cqrs.{module}"), name, None)
                if found is not None:
                    globals()[name] = found
                    return found
        raise AttributeError(f"module 'cqrs' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_WITH_DRIVER})
