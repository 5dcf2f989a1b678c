"""Step 3 of the flow: events, their handlers, and the router that calls these handlers.

``cqrs.events.bootstrap`` builds a mediator for events from outside.
"""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
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
    from cqrs.events.event_processor import EventProcessor
    from cqrs.events.fallback import EventHandlerFallback
    from cqrs.events.map import EventMap
    from cqrs.events.registry import EventName, EventRegistry
    from cqrs.handlers.recorder import EventRecorder

__all__ = [
    "DCDomainEvent",
    "DCEvent",
    "DCNotificationEvent",
    "DomainEvent",
    "ECSTEvent",
    "Event",
    "EventEmitter",
    "EventHandler",
    "EventHandlerFallback",
    "EventMap",
    "EventName",
    "EventProcessor",
    "EventRecorder",
    "EventRegistry",
    "IDomainEvent",
    "IEvent",
    "INotificationEvent",
    "NotificationEvent",
    "PydanticDomainEvent",
    "PydanticEvent",
    "PydanticNotificationEvent",
    "event_type",
]

_NAMES_IN = {
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
    "cqrs.events.event_processor": ("EventProcessor",),
    "cqrs.events.fallback": ("EventHandlerFallback",),
    "cqrs.events.map": ("EventMap",),
    "cqrs.events.registry": ("EventName", "EventRegistry"),
    "cqrs.handlers.recorder": ("EventRecorder",),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
