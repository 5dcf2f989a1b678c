"""Step 2, the turn of a request: compiled once for each type, then a look-up and a few awaits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.container.scope import open_scope
from cqrs.dispatcher.invocation import invocation
from cqrs.dispatcher.turn import Dispatcher, in_scope
from cqrs.errors import RequestHandlerTypeError
from cqrs.events.recorder import EventDrain, events_of
from cqrs.requests.binding import HandlerBinding

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.dispatcher.invocation import Invocation
    from cqrs.dispatcher.turn import Turn, Turns


class RequestDispatcher(Dispatcher):
    """Compiles the turn of each request type: scope, middlewares, handler, events."""

    def compile(self, request_type: type) -> Turn:
        """The turn of ``request_type``.

        Raises ``RequestHandlerDoesNotExist``, ``RequestHandlerTypeError`` for a request that is answered by a stream,
        or ``WiringError``.
        """
        turns, binding = self._turns, self._map.binding(request_type)
        if binding.streaming:
            raise RequestHandlerTypeError(request_type, "its handler streams, so use StreamingRequestMediator.stream")
        if isinstance(binding, HandlerBinding) and not turns.injector.scoped:
            construct: Callable[[], Any] | None = turns.injector.constructor(binding.handler)
            if construct is not None:
                return turns.chain.wrap(_unscoped(construct, events_of(binding.handler), turns))
        return in_scope(turns.chain.wrap(_scoped(invocation(binding, turns.injector, turns.hooks), turns)), turns)


def _unscoped(construct: Callable[[], Any], recorded: Callable[[Any], Any], turns: Turns) -> Turn:
    """The short way, for a handler that is made at once where nothing lives per request."""

    async def run(request: Any) -> Any:
        handler = construct()
        answer = await handler.handle(request)
        if recorded(handler):
            await turns.emit(EventDrain(handler).take(), None)
        return answer

    return run


def _scoped(invoke: Invocation, turns: Turns) -> Turn:
    async def run(request: Any) -> Any:
        scope = open_scope.get()
        events: list[Any] = []
        answer = await invoke(request, scope, events)
        if events:
            await turns.emit(events, scope)
        return answer

    return run
