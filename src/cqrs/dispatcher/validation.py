"""Checks all bindings before anything runs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from weakref import WeakSet

from cqrs._introspection.generics import type_name
from cqrs.errors.wiring import WiringError
from cqrs.events.event import INotificationEvent

if TYPE_CHECKING:
    from cqrs.container.adopt import Injector
    from cqrs.events.event_emitter import EventEmitter
    from cqrs.middlewares.base import MiddlewareChain
    from cqrs.requests.map import RequestMap

logger = logging.getLogger("cqrs")

_warned: WeakSet[type] = WeakSet()


def validate(
    injector: Injector, emitter: EventEmitter, chain: MiddlewareChain, request_map: RequestMap | None = None
) -> None:
    """Raise ``WiringError`` with all problems of the bindings and of what the handlers depend on."""
    maps = [m for m in (request_map, emitter.event_map) if m is not None]
    problems = [problem for part in (*maps, chain, emitter.hooks) for problem in part.problems()]
    handlers = sorted((h for m in maps for h in m.handlers()), key=lambda h: h.__qualname__)
    problems += injector.check(handlers)
    if problems:
        raise WiringError(problems)
    if request_map is not None:
        request_map.in_use = True
        _warn_of_messages(emitter)


def _warn_of_messages(emitter: EventEmitter) -> None:
    """Log a warning for handlers that are never called. It is no error: an ``EventMediator`` may use the same map."""
    for event_type in emitter.event_map:
        if INotificationEvent in event_type.__mro__ and event_type not in _warned:
            _warned.add(event_type)
            logger.warning(
                "%s is a message for other services: what is bound to it in domain_events_mapper is not called when it "
                "is recorded, only by an EventMediator that receives it. Record a domain event as well for handlers "
                "in this service.",
                type_name(event_type),
            )
