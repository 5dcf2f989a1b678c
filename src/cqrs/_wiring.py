"""Assembly: the one body behind every bootstrap."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from cqrs._generics import type_name
from cqrs.assembly.sessions import give_session
from cqrs.assembly.transactions import transaction_problems
from cqrs.container.adopt import adopt
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.events.event_emitter import EventEmitter
from cqrs.events.map import EventMap
from cqrs.middlewares.base import Middleware, MiddlewareChain
from cqrs.middlewares.logging import LoggingMiddleware
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.requests.map import RequestMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.observability.hooks import Hooks
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.serializers.protocol import Serializer
    from cqrs.unit_of_work.database import TransactionalDatabase

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
    serializer: Serializer | None = None,
    database: TransactionalDatabase | None = None,
    separate_outbox_transaction: bool = False,
) -> Parts:
    """Call ``on_startup`` and then the mappers, in their order, and put the parts together.

    A ``database`` puts its transaction innermost, takes what is recorded into its outbox, and gives out its session.
    """
    problems = [
        *_not_callable("a mapper", (*request_mappers, events_mapper)),
        *_not_callable("an entry of on_startup", on_startup or ()),
        *_not_usable(broker, middlewares),
    ]
    if not problems:
        middlewares = [*(middlewares or ())]
        problems += transaction_problems(middlewares, outbox, database, separate=separate_outbox_transaction)
    if outbox is not None and serializer is not None:
        problems.append(WiringProblem("serializer", "an outbox encodes by itself", "Pass the serializer to the outbox"))
    if problems:
        raise WiringError(problems)
    for start in on_startup or ():
        start()
    request_map, event_map = RequestMap(), EventMap()
    for mapper in request_mappers:
        if mapper is not None:
            mapper(request_map)
    if events_mapper is not None:
        events_mapper(event_map)
    injector, chain = adopt(container), [LoggingMiddleware(), *(middlewares or ())]
    if database is not None:
        outbox = database.outbox
        chain.append(TransactionMiddleware(database))
        injector = give_session(injector, database)
    emitter = EventEmitter(
        event_map,
        injector,
        broker,
        hooks=hooks,
        outbox=outbox,
        serializer=serializer,
        separate_outbox_transaction=separate_outbox_transaction,
    )
    return Parts(request_map, emitter, MiddlewareChain(chain))


def _not_callable(what: str, given: Iterable[object]) -> Iterator[WiringProblem]:
    for it in given:
        if it is not None and not callable(it):
            yield WiringProblem(f"{what}: {it!r}", "it cannot be called", "Pass a function")


def _not_usable(broker: Any, middlewares: Any) -> Iterator[WiringProblem]:
    if isinstance(broker, type):
        yield WiringProblem(f"message_broker={type_name(broker)}", "it is a class", "Pass an instance of it")
    elif broker is not None and not callable(getattr(broker, "send_message", None)):
        remedy = "Pass a MessageBroker, or any object with `async def send_message(self, message)`"
        yield WiringProblem("message_broker", f"a {type_name(type(broker))} sends no message", remedy)
    if middlewares is not None and not hasattr(middlewares, "__iter__"):
        yield WiringProblem(f"middlewares={middlewares!r}", "it is no list", "Pass a list, even for one middleware")
