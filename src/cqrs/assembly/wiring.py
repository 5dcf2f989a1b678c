"""Assembly: builds what all bootstraps need for a mediator.

Each bootstrap repeats the parameters of :func:`assemble`, so that its signature can be read and completed by an editor.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from cqrs import _arguments
from cqrs._arguments import Needed, takes, what_is_wrong
from cqrs._introspection.callables import is_async
from cqrs._introspection.generics import type_name
from cqrs.assembly.sessions import give_session
from cqrs.assembly.transactions import transaction_problems
from cqrs.container.adopt import adopt
from cqrs.errors.root import shown
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
    from cqrs.outbox.database import OutboxDatabase
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.serializers.protocol import Serializer

    RequestMapper = Callable[[RequestMap], None]
    EventMapper = Callable[[EventMap], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Parts:
    """The parts from which a mediator is built."""

    request_map: RequestMap
    emitter: EventEmitter
    chain: MiddlewareChain


def assemble(  # noqa: PLR0913  # what the established signatures ask for
    container: Any,
    *,
    message_broker: MessageBroker | None = None,
    middlewares: Iterable[Middleware] | None = None,
    request_mappers: Iterable[RequestMapper | None] = (),
    events_mapper: EventMapper | None = None,
    on_startup: Iterable[Callable[[], None]] | None = None,
    hooks: Hooks | None = None,
    outbox: OutboxedEventRepository | None = None,
    serializer: Serializer | None = None,
    database: OutboxDatabase | None = None,
    separate_outbox_transaction: bool = False,
) -> Parts:
    """Call ``on_startup`` and then the mappers, in their order, and return the parts.

    With a ``database``, a transaction of it is the innermost middleware, recorded notifications go into its outbox, and
    its session is injected.
    """
    problems = [
        *_uncallable("a mapper", (*request_mappers, events_mapper), 1),
        *_uncallable("an entry of on_startup", on_startup, 0),
        *_unusable(
            message_broker=(message_broker, _arguments.BROKER),
            outbox=(outbox, _arguments.OUTBOX),
            hooks=(hooks, _arguments.HOOKS),
        ),
        *_not_lists(middlewares=middlewares, on_startup=on_startup),
    ]
    if not problems:
        middlewares = [*(middlewares or ())]
        problems += transaction_problems(middlewares, outbox, database, separate=separate_outbox_transaction)
    problems += _unusable(serializer=(serializer, _arguments.SERIALIZER))
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
        message_broker,
        hooks=hooks,
        outbox=outbox,
        serializer=serializer,
        separate_outbox_transaction=separate_outbox_transaction,
    )
    return Parts(request_map, emitter, MiddlewareChain(chain))


def _uncallable(what: str, given: Any, count: int) -> Iterator[WiringProblem]:
    taken = "no parameter" if count == 0 else "one parameter, the map"
    for it in given if _is_list(given) else ():
        if it is None:
            continue
        if not callable(it):
            awaitable = what_is_wrong(it, _ANYTHING)  # closes what was not awaited
            yield WiringProblem(f"{what}: {shown(it)}", awaitable or "it cannot be called", "Pass a function")
        elif is_async(it):
            remedy = "Pass a plain function, and await what has to be awaited before, in the lifespan of the service"
            yield WiringProblem(f"{what}: {type_name(it)}", "it is async, and would not be awaited", remedy)
        elif not takes(it, count):
            yield WiringProblem(f"{what}: {type_name(it)}", f"it does not take {taken}", f"Let it take {taken}")


def _is_list(given: Any) -> bool:
    return hasattr(given, "__iter__") and not isinstance(given, str | bytes | type)


def _not_lists(**lists: Any) -> Iterator[WiringProblem]:
    for name, given in lists.items():
        if given is not None and not _is_list(given):
            yield WiringProblem(f"{name}={shown(given)}", "it is no list", "Pass a list, even for a single one")


def _unusable(**given: tuple[Any, Needed]) -> Iterator[WiringProblem]:
    for name, (value, needed) in given.items():
        problem = None if value is None else what_is_wrong(value, needed)
        if problem is not None:
            yield WiringProblem(f"{name}={shown(value)}", problem, f"Pass {needed.give}")


_ANYTHING = Needed("anything")
