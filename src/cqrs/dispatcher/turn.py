"""Step 2: what every kind of turn uses: injector, event router, middlewares and request scope."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from cqrs._arguments import Needed, check_given
from cqrs._introspection.generics import type_names
from cqrs.container.adopt import Injector, adopt
from cqrs.container.scope import open_scope
from cqrs.dispatcher.cancellation import UndisturbedExit
from cqrs.dispatcher.validation import validate
from cqrs.errors.requests import RequestHandlerDoesNotExist, RequestHandlerTypeError
from cqrs.middlewares.base import MiddlewareChain
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.unit_of_work.stack import current_unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from cqrs.container.adopt import LightScope
    from cqrs.events.event_processor import EventProcessor
    from cqrs.observability.hooks import Hooks
    from cqrs.requests.map import RequestMap

    Turn = Callable[[Any], Coroutine[Any, Any, Any]]
    Emit = Callable[[Sequence[Any]], Coroutine[Any, Any, None]]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class TurnSetup:
    """What a dispatcher makes turns from.

    ``shares_scope``: event handlers come from the same container, and so are built in the request scope of the turn.
    """

    injector: Injector
    processor: EventProcessor
    chain: MiddlewareChain
    hooks: Hooks
    shares_scope: bool

    @property
    def joins(self) -> bool:
        """Whether the dispatcher must join turns to an open unit of work, because no middleware does that."""
        return not self.chain.has(TransactionMiddleware)

    def scoped(self, handlers: Iterable[type]) -> bool:
        """Whether a turn of these handlers needs a request scope."""
        return self.injector.scoped or any(self.injector.constructor(handler) is None for handler in handlers)

    def emitter(self, *, scoped: bool) -> Emit:
        """Return the function that routes the events of a turn: in its scope, if ``shares_scope``."""
        emit_events = self.processor.emit_events
        if not self.shares_scope:
            return emit_events
        if scoped:
            return lambda events: emit_events(events, open_scope.get())
        scopeless = _ScopePerInstance(self.injector)
        return lambda events: emit_events(events, scopeless)


async def join(run: Callable[..., Coroutine[Any, Any, Any]], message: Any) -> Any:
    """Await ``run(message, joined=True)`` as a part of the open unit of work; if it fails, only that part is undone."""
    unit = current_unit_of_work()
    if unit is None:
        return await run(message, joined=True)
    async with unit.turn():
        return await run(message, joined=True)


class _ScopePerInstance:
    """A container for turns without a request scope: it opens a scope for each instance that needs one."""

    __slots__ = ("_injector",)

    def __init__(self, injector: Injector) -> None:
        self._injector = injector

    async def resolve(self, type_: type[T]) -> T:
        async with self._injector.scope() as scope:
            return await scope.resolve(type_)


_CHAIN = Needed("a cqrs.MiddlewareChain([...])", ("wrap", "problems"))
_REQUESTS = Needed("a cqrs.RequestMap()", ("binding", "problems", "handlers"))


def turn_setup(
    container: Any, processor: EventProcessor, chain: MiddlewareChain | None, request_map: RequestMap | None = None
) -> TurnSetup:
    """Return what a mediator with ``container`` makes turns from; ``None`` means the container of the event emitter.

    Raises ``WiringError`` with all problems of the bindings.
    """
    check_given("middleware_chain", chain, _CHAIN)
    check_given("request_map", request_map, _REQUESTS)
    emitter = processor.emitter
    same = container is None or container is emitter.container
    injector = emitter.injector if same else adopt(container)
    chain = chain or MiddlewareChain()
    validate(injector, emitter, chain, request_map)
    return TurnSetup(injector, processor, chain, emitter.hooks, same)


class Dispatcher:
    """The base of the dispatchers for requests and for streamed requests."""

    def __init__(self, request_map: RequestMap, setup: TurnSetup) -> None:
        self._map = request_map
        self._setup = setup

    def type_of(self, request: object) -> type:
        """Return the type of ``request``. Raises ``RequestHandlerDoesNotExist`` if it is a class itself."""
        if isinstance(request, type):
            raise RequestHandlerDoesNotExist(request, list(self._map), sent_class=True)
        return type(request)

    def require(self, request_type: type, handler: type) -> None:
        """Raise ``RequestHandlerTypeError`` unless ``request_type`` is bound to ``handler``."""
        bound = self._map.binding(request_type).handlers
        if handler not in bound:
            name, *_ = type_names(handler, *bound)
            raise RequestHandlerTypeError(request_type, f"it is not bound to {name}: bind it, or name another")


def in_scope(turn: Turn, setup: TurnSetup) -> Turn:
    """Wrap ``turn`` so that it runs in a new request scope, which ``current_scope`` and ``open_scope`` return."""
    new_scope = setup.injector.light_scope
    if new_scope is not None:
        return _in_light_scope(turn, new_scope)

    async def run(request: Any) -> Any:
        async with UndisturbedExit(setup.injector.scope()) as scope:
            token = open_scope.set(scope)
            try:
                return await turn(request)
            finally:
                open_scope.reset(token)

    return run


def _in_light_scope(turn: Turn, new_scope: Callable[[], LightScope]) -> Turn:
    async def run(request: Any) -> Any:
        scope = new_scope()
        token = open_scope.set(scope)
        try:
            answer = await turn(request)
        except BaseException as error:
            open_scope.reset(token)
            await _leave(scope, error)
            raise
        open_scope.reset(token)
        if scope.opened is None:
            scope.ended = True
        else:
            await _leave(scope, None)
        return answer

    return run


async def _leave(scope: LightScope, error: BaseException | None) -> None:
    scope.ended = True
    if scope.opened is not None:
        details = (None, None, None) if error is None else (type(error), error, error.__traceback__)
        await UndisturbedExit(scope).__aexit__(*details)
