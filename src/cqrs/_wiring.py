"""Assembly: the one body behind every bootstrap."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from cqrs.container.adopt import adopt
from cqrs.events.event_emitter import EventEmitter
from cqrs.events.map import EventMap
from cqrs.middlewares.base import Middleware, MiddlewareChain
from cqrs.middlewares.logging import LoggingMiddleware
from cqrs.requests.map import RequestMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.observability.hooks import Hooks
    from cqrs.outbox.repository import OutboxedEventRepository

    RequestMapper = Callable[[RequestMap], None]
    EventMapper = Callable[[EventMap], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Parts:
    """What a mediator is built from."""

    request_map: RequestMap
    emitter: EventEmitter
    chain: MiddlewareChain


def assemble(  # noqa: PLR0913  # what the established signatures ask for
    container: Any,
    *,
    broker: MessageBroker | None,
    middlewares: Iterable[Middleware] | None,
    request_mappers: Iterable[RequestMapper | None],
    events_mapper: EventMapper | None,
    on_startup: Iterable[Callable[[], None]] | None,
    hooks: Hooks | None,
    outbox: OutboxedEventRepository | None = None,
) -> Parts:
    """Call ``on_startup`` and then the mappers, in their order, and put the parts together."""
    for start in on_startup or ():
        start()
    request_map, event_map = RequestMap(), EventMap()
    for mapper in request_mappers:
        if mapper is not None:
            mapper(request_map)
    if events_mapper is not None:
        events_mapper(event_map)
    emitter = EventEmitter(event_map, adopt(container), broker, hooks=hooks, outbox=outbox)
    return Parts(request_map, emitter, MiddlewareChain([LoggingMiddleware(), *(middlewares or ())]))
