"""Assembly: builds a mediator for events from outside in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.assembly.wiring import assemble
from cqrs.mediator import EventMediator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqrs.assembly.wiring import EventMapper
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.middlewares.base import Middleware
    from cqrs.observability.hooks import Hooks
    from cqrs.outbox.database import OutboxDatabase
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.serializers.protocol import Serializer


def bootstrap(  # noqa: PLR0913  # the established signature
    di_container: Any = None,
    middlewares: Iterable[Middleware] | None = None,
    events_mapper: EventMapper | None = None,
    on_startup: Iterable[Callable[[], None]] | None = None,
    *,
    message_broker: MessageBroker | None = None,
    max_concurrent_event_handlers: int = 1,
    concurrent_event_handle_enable: bool = True,
    hooks: Hooks | None = None,
    outbox: OutboxedEventRepository | None = None,
    serializer: Serializer | None = None,
    database: OutboxDatabase | None = None,
    separate_outbox_transaction: bool = False,
) -> EventMediator:
    """Return a mediator for events that a consumer receives.

    The parameters are those of ``cqrs.requests.bootstrap.bootstrap``; notifications that event handlers record go to
    the ``outbox`` or to the ``message_broker``. Raises ``WiringError`` with everything that is wrong with the bindings.
    """
    parts = assemble(
        di_container,
        message_broker=message_broker,
        middlewares=middlewares,
        events_mapper=events_mapper,
        on_startup=on_startup,
        hooks=hooks,
        outbox=outbox,
        serializer=serializer,
        database=database,
        separate_outbox_transaction=separate_outbox_transaction,
    )
    return EventMediator(
        event_emitter=parts.emitter,
        middleware_chain=parts.chain,
        max_concurrent_event_handlers=max_concurrent_event_handlers,
        concurrent_event_handle_enable=concurrent_event_handle_enable,
    )
