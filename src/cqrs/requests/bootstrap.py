"""Assembly: builds a mediator for requests or for streams in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.assembly.wiring import assemble
from cqrs.mediator import RequestMediator, StreamingRequestMediator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqrs.assembly.wiring import EventMapper, RequestMapper
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.middlewares.base import Middleware
    from cqrs.observability.hooks import Hooks
    from cqrs.outbox.database import OutboxDatabase
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.serializers.protocol import Serializer


def bootstrap(  # noqa: PLR0913, PLR0917  # the established signature
    di_container: Any = None,
    message_broker: MessageBroker | None = None,
    middlewares: Iterable[Middleware] | None = None,
    commands_mapper: RequestMapper | None = None,
    domain_events_mapper: EventMapper | None = None,
    queries_mapper: RequestMapper | None = None,
    on_startup: Iterable[Callable[[], None]] | None = None,
    max_concurrent_event_handlers: int = 1,
    concurrent_event_handle_enable: bool = True,  # noqa: FBT001, FBT002  # the established signature
    *,
    hooks: Hooks | None = None,
    outbox: OutboxedEventRepository | None = None,
    serializer: Serializer | None = None,
    database: OutboxDatabase | None = None,
    separate_outbox_transaction: bool = False,
) -> RequestMediator:
    """Return a mediator for commands and queries.

    ``di_container`` builds the handlers: a container of ``di``, dependency-injector or dishka, any object with
    ``resolve(type)``, or nothing, for a new ``cqrs.Resolver``. The ``on_startup`` functions are called first, then the
    mappers, which bind handlers. ``message_broker`` sends notification events: after the commit of the open unit of
    work, or at once without one. They are encoded by ``serializer``, or as JSON. With an ``outbox`` they go there
    instead, and it encodes them. ``middlewares`` wrap every turn, the first outermost, within a ``LoggingMiddleware``.
    At most ``max_concurrent_event_handlers`` event handlers of one turn run at a time; with
    ``concurrent_event_handle_enable=False``, one; within a transaction always one.

    With a ``database``, every turn is one transaction of it, inside all ``middlewares``: what handlers and event
    handlers write through ``database.session`` and the notifications that they record, which go into its outbox, are
    committed together or not at all. A nested turn is a savepoint. An ``outbox`` without a database needs a
    ``TransactionMiddleware`` as the last of the ``middlewares``; with ``separate_outbox_transaction=True`` it needs
    none, but a crash between the commit of a handler and that of its notifications loses them.

    Raises ``WiringError`` with everything that is wrong with the bindings.
    """
    parts = assemble(
        di_container,
        message_broker=message_broker,
        middlewares=middlewares,
        request_mappers=(commands_mapper, queries_mapper),
        events_mapper=domain_events_mapper,
        on_startup=on_startup,
        hooks=hooks,
        outbox=outbox,
        serializer=serializer,
        database=database,
        separate_outbox_transaction=separate_outbox_transaction,
    )
    return RequestMediator(
        parts.request_map,
        event_emitter=parts.emitter,
        middleware_chain=parts.chain,
        max_concurrent_event_handlers=max_concurrent_event_handlers,
        concurrent_event_handle_enable=concurrent_event_handle_enable,
    )


def bootstrap_streaming(  # noqa: PLR0913, PLR0917  # the established signature
    di_container: Any = None,
    message_broker: MessageBroker | None = None,
    middlewares: Iterable[Middleware] | None = None,
    commands_mapper: RequestMapper | None = None,
    domain_events_mapper: EventMapper | None = None,
    queries_mapper: RequestMapper | None = None,
    on_startup: Iterable[Callable[[], None]] | None = None,
    max_concurrent_event_handlers: int = 10,
    concurrent_event_handle_enable: bool = True,  # noqa: FBT001, FBT002  # the established signature
    *,
    hooks: Hooks | None = None,
    outbox: OutboxedEventRepository | None = None,
    serializer: Serializer | None = None,
    database: OutboxDatabase | None = None,
    separate_outbox_transaction: bool = False,
) -> StreamingRequestMediator:
    """Return a mediator for streams; the parameters are those of :func:`bootstrap`.

    By default ten event handlers of one chunk run at the same time. They share the request scope, so what is injected
    into them must allow concurrent use; pass 1 if it does not, as with an SQLAlchemy session.
    """
    parts = assemble(
        di_container,
        message_broker=message_broker,
        middlewares=middlewares,
        request_mappers=(commands_mapper, queries_mapper),
        events_mapper=domain_events_mapper,
        on_startup=on_startup,
        hooks=hooks,
        outbox=outbox,
        serializer=serializer,
        database=database,
        separate_outbox_transaction=separate_outbox_transaction,
    )
    return StreamingRequestMediator(
        parts.request_map,
        event_emitter=parts.emitter,
        middleware_chain=parts.chain,
        max_concurrent_event_handlers=max_concurrent_event_handlers,
        concurrent_event_handle_enable=concurrent_event_handle_enable,
    )
