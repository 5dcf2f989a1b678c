"""cqrskit: commands, queries and events for services that must not lose money or messages.

Start with ``cqrs.requests.bootstrap``. Importing this package loads no driver and does nothing else.
"""

from cqrs import errors
from cqrs.circuit_breaker import ICircuitBreaker
from cqrs.container import Container, Resolver, current_scope
from cqrs.errors import CQRSError
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
from cqrs.mediator import EventMediator, RequestMediator, StreamingRequestMediator
from cqrs.middlewares import Middleware, MiddlewareChain
from cqrs.observability import Hooks
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
from cqrs.requests.command_bus import CommandBus
from cqrs.requests.mermaid import CoRMermaid
from cqrs.response import DCResponse, IResponse, PydanticResponse, Response

__all__ = [
    "CORRequestHandler",
    "CQRSError",
    "CoRMermaid",
    "CommandBus",
    "Container",
    "DCDomainEvent",
    "DCEvent",
    "DCNotificationEvent",
    "DCRequest",
    "DCResponse",
    "DomainEvent",
    "ECSTEvent",
    "Event",
    "EventEmitter",
    "EventHandler",
    "EventHandlerFallback",
    "EventMap",
    "EventMediator",
    "EventRecorder",
    "EventRegistry",
    "Hooks",
    "ICircuitBreaker",
    "IDomainEvent",
    "IEvent",
    "INotificationEvent",
    "IRequest",
    "IResponse",
    "Middleware",
    "MiddlewareChain",
    "NotificationEvent",
    "PydanticDomainEvent",
    "PydanticEvent",
    "PydanticNotificationEvent",
    "PydanticRequest",
    "PydanticResponse",
    "Request",
    "RequestHandler",
    "RequestHandlerFallback",
    "RequestMap",
    "RequestMediator",
    "Resolver",
    "Response",
    "StreamingRequestHandler",
    "StreamingRequestMediator",
    "current_scope",
    "errors",
    "event_type",
]
