"""cqrskit: commands, queries and events for services that must not lose money or messages.

Start with ``cqrs.requests.bootstrap``. Importing this package loads no driver and does nothing else; a name of it is
imported from its module when it is first used.
"""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
    from cqrs import errors
    from cqrs.assembly.command_bus import CommandBus
    from cqrs.assembly.database import Database as Database
    from cqrs.assembly.memory_database import MemoryDatabase
    from cqrs.backoff import Backoff, Retry
    from cqrs.circuit_breaker.protocol import ICircuitBreaker
    from cqrs.compressors.protocol import Compressor
    from cqrs.compressors.zlib import ZlibCompressor
    from cqrs.container.protocol import Container
    from cqrs.container.resolver import Resolver
    from cqrs.container.scope import current_scope
    from cqrs.envelope import Envelope
    from cqrs.errors.root import CQRSError
    from cqrs.errors.transactions import AfterCommitError, ConcurrencyError
    from cqrs.events.contract import event_type
    from cqrs.events.event import (
        DCDomainEvent,
        DCEvent,
        DCNotificationEvent,
        DomainEvent,
        ECSTEvent,
        Event,
        IDomainEvent,
        IEvent,
        INotificationEvent,
        NotificationEvent,
        PydanticDomainEvent,
        PydanticEvent,
        PydanticNotificationEvent,
    )
    from cqrs.events.event_emitter import EventEmitter
    from cqrs.events.event_handler import EventHandler
    from cqrs.events.fallback import EventHandlerFallback
    from cqrs.events.map import EventMap
    from cqrs.events.registry import EventRegistry
    from cqrs.handlers.recorder import EventRecorder
    from cqrs.inbox.memory.repository import MemoryInboxRepository
    from cqrs.inbox.repository import InboxRepository
    from cqrs.inbox.sqlalchemy.repository import SqlAlchemyInboxRepository as SqlAlchemyInboxRepository
    from cqrs.mediator import EventMediator, RequestMediator, StreamingRequestMediator
    from cqrs.middlewares.base import Middleware, MiddlewareChain
    from cqrs.middlewares.retry import RetryMiddleware
    from cqrs.middlewares.transaction import TransactionMiddleware
    from cqrs.observability.hooks import Hooks
    from cqrs.outbox.event import EventStatus, OutboxedEvent
    from cqrs.outbox.map import OutboxedEventMap
    from cqrs.outbox.parked import ParkedMessage
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.outbox.sqlalchemy.model import rebind_outbox_model as rebind_outbox_model
    from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository as SqlAlchemyOutboxedEventRepository
    from cqrs.producer import EventProducer
    from cqrs.requests.cor_request_handler import CORRequestHandler
    from cqrs.requests.fallback import RequestHandlerFallback
    from cqrs.requests.map import RequestMap
    from cqrs.requests.mermaid import CoRMermaid
    from cqrs.requests.request import DCRequest, IRequest, PydanticRequest, Request
    from cqrs.requests.request_handler import RequestHandler, StreamingRequestHandler
    from cqrs.response import DCResponse, IResponse, PydanticResponse, Response
    from cqrs.unit_of_work.memory import MemoryUnitOfWork
    from cqrs.unit_of_work.options import TransactionOptions, transaction_options
    from cqrs.unit_of_work.protocol import UnitOfWork
    from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork as SqlAlchemyUnitOfWork
    from cqrs.unit_of_work.stack import current_unit_of_work
    from cqrs.workers.consumer.consumer import Consumer
    from cqrs.workers.consumer.policy import ConsumerPolicy
    from cqrs.workers.relay.outbox_relay import OutboxRelay
    from cqrs.workers.relay.policy import RelayPolicy

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

_NAMES_IN = {
    "cqrs.assembly.command_bus": ("CommandBus",),
    "cqrs.assembly.database": ("Database",),
    "cqrs.assembly.memory_database": ("MemoryDatabase",),
    "cqrs.backoff": ("Backoff", "Retry"),
    "cqrs.circuit_breaker.protocol": ("ICircuitBreaker",),
    "cqrs.compressors.protocol": ("Compressor",),
    "cqrs.compressors.zlib": ("ZlibCompressor",),
    "cqrs.container.protocol": ("Container",),
    "cqrs.container.resolver": ("Resolver",),
    "cqrs.container.scope": ("current_scope",),
    "cqrs.envelope": ("Envelope",),
    "cqrs.errors.root": ("CQRSError",),
    "cqrs.errors.transactions": ("AfterCommitError", "ConcurrencyError"),
    "cqrs.events.contract": ("event_type",),
    "cqrs.events.event": (
        "DCDomainEvent",
        "DCEvent",
        "DCNotificationEvent",
        "DomainEvent",
        "ECSTEvent",
        "Event",
        "IDomainEvent",
        "IEvent",
        "INotificationEvent",
        "NotificationEvent",
        "PydanticDomainEvent",
        "PydanticEvent",
        "PydanticNotificationEvent",
    ),
    "cqrs.events.event_emitter": ("EventEmitter",),
    "cqrs.events.event_handler": ("EventHandler",),
    "cqrs.events.fallback": ("EventHandlerFallback",),
    "cqrs.events.map": ("EventMap",),
    "cqrs.events.registry": ("EventRegistry",),
    "cqrs.handlers.recorder": ("EventRecorder",),
    "cqrs.inbox.memory.repository": ("MemoryInboxRepository",),
    "cqrs.inbox.repository": ("InboxRepository",),
    "cqrs.inbox.sqlalchemy.repository": ("SqlAlchemyInboxRepository",),
    "cqrs.mediator": ("EventMediator", "RequestMediator", "StreamingRequestMediator"),
    "cqrs.middlewares.base": ("Middleware", "MiddlewareChain"),
    "cqrs.middlewares.retry": ("RetryMiddleware",),
    "cqrs.middlewares.transaction": ("TransactionMiddleware",),
    "cqrs.observability.hooks": ("Hooks",),
    "cqrs.outbox.event": ("EventStatus", "OutboxedEvent"),
    "cqrs.outbox.map": ("OutboxedEventMap",),
    "cqrs.outbox.parked": ("ParkedMessage",),
    "cqrs.outbox.repository": ("OutboxedEventRepository",),
    "cqrs.outbox.sqlalchemy.model": ("rebind_outbox_model",),
    "cqrs.outbox.sqlalchemy.repository": ("SqlAlchemyOutboxedEventRepository",),
    "cqrs.producer": ("EventProducer",),
    "cqrs.requests.cor_request_handler": ("CORRequestHandler",),
    "cqrs.requests.fallback": ("RequestHandlerFallback",),
    "cqrs.requests.map": ("RequestMap",),
    "cqrs.requests.mermaid": ("CoRMermaid",),
    "cqrs.requests.request": ("DCRequest", "IRequest", "PydanticRequest", "Request"),
    "cqrs.requests.request_handler": ("RequestHandler", "StreamingRequestHandler"),
    "cqrs.response": ("DCResponse", "IResponse", "PydanticResponse", "Response"),
    "cqrs.unit_of_work.memory": ("MemoryUnitOfWork",),
    "cqrs.unit_of_work.options": ("TransactionOptions", "transaction_options"),
    "cqrs.unit_of_work.protocol": ("UnitOfWork",),
    "cqrs.unit_of_work.sqlalchemy.unit": ("SqlAlchemyUnitOfWork",),
    "cqrs.unit_of_work.stack": ("current_unit_of_work",),
    "cqrs.workers.consumer.consumer": ("Consumer",),
    "cqrs.workers.consumer.policy": ("ConsumerPolicy",),
    "cqrs.workers.relay.outbox_relay": ("OutboxRelay",),
    "cqrs.workers.relay.policy": ("RelayPolicy",),
}

# Names that need a driver: `from cqrs import *` leaves them out, because it would load the driver.
_WITH_DRIVER = (
    "Database",
    "SqlAlchemyInboxRepository",
    "SqlAlchemyOutboxedEventRepository",
    "SqlAlchemyUnitOfWork",
    "rebind_outbox_model",
)

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(
        __name__, _NAMES_IN, modules=("dispatcher", "errors", "message_brokers"), with_driver=_WITH_DRIVER
    )
