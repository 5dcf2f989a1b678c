"""Step 2, the turn of a request: compiled once for each type, then a look-up and a few awaits."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.container.scope import open_scope
from cqrs.dispatcher.invocation import invocation
from cqrs.dispatcher.turn import Dispatcher, in_scope, join
from cqrs.errors.requests import RequestHandlerTypeError
from cqrs.handlers.recorder import EventDrain, events_of
from cqrs.handlers.shared import needs_no_call
from cqrs.handlers.unawaited import refuse
from cqrs.requests.binding import HandlerBinding
from cqrs.unit_of_work.stack import entered, ever_entered

if TYPE_CHECKING:
    from cqrs.dispatcher.invocation import Invocation
    from cqrs.dispatcher.turn import Emit, Turn, Turns


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
        scoped = turns.scoped(binding.handlers)
        emit = turns.emitter(scoped=scoped)
        if isinstance(binding, HandlerBinding) and needs_no_call(binding.handler, turns.injector):
            run = _one_handler(binding.handler, turns, emit)
        else:
            run = _several_handlers(invocation(binding, turns.injector, turns.hooks), emit, joins=turns.joins)
        turn = turns.chain.wrap(run)
        return in_scope(turn, turns) if scoped else turn


def _one_handler(handler_type: type[Any], turns: Turns, emit: Emit) -> Turn:
    construct = turns.injector.shortcut(handler_type)
    recorded, joins = events_of(handler_type), turns.joins

    async def run(request: Any, *, joined: bool = False) -> Any:  # in here: a wrapper would cost a frame
        if ever_entered and joins and not joined and entered.get():
            return await join(run, request)
        if construct is None:
            handler = await open_scope.get().resolve(handler_type)
        else:
            try:
                handler = construct()
            except NotAtOnce:
                handler = await open_scope.get().resolve(handler_type)
        answer = await handler.handle(request)
        if answer.__class__ is CoroutineType:
            refuse(answer, request)
        events = recorded(handler)
        if events:
            await emit(EventDrain(handler, recorded).take(events))
        return answer

    return run


def _several_handlers(invoke: Invocation, emit: Emit, *, joins: bool) -> Turn:
    async def run(request: Any, *, joined: bool = False) -> Any:  # in here: a wrapper would cost a frame
        if ever_entered and joins and not joined and entered.get():
            return await join(run, request)
        answer, events = await invoke(request)
        if answer.__class__ is CoroutineType:
            refuse(answer, request)
        if events:
            await emit(events)
        return answer

    return run
