"""cqrskit: commands, queries and events for services that must not lose money or messages.

Start with ``cqrs.requests.bootstrap``. Importing this package loads no driver and does nothing else; a name of it is
imported from its module when it is first used.
"""

import typing
from importlib import import_module as _import_module

if typing.TYPE_CHECKING:
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

# The modules that have these names, and that can be reached by `import cqrs` alone. What is quick to import is first.
_MODULES = (
    "errors",
    "circuit_breaker",
    "observability",
    "response",
    "requests",
    "events",
    "container",
    "middlewares",
    "requests.mermaid",
    "mediator",
    "requests.command_bus",
    "dispatcher",
    "message_brokers",
)

if not typing.TYPE_CHECKING:  # or a type checker would believe in every name

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            return _import_module(f"cqrs.{name}")
        if name in __all__:
            for module in _MODULES:
                found = getattr(_import_module(f"cqrs.{module}"), name, None)
                if found is not None:
                    globals()[name] = found
                    return found
        raise AttributeError(f"module 'cqrs' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
