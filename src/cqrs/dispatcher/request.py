"""Step 2: the turn of a request. It is compiled once for each type; after that a request takes a look-up and awaits."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.container.scope import open_scope
from cqrs.dispatcher.invocation import invocation
from cqrs.dispatcher.turn import Dispatcher, in_scope, join
from cqrs.errors.requests import RequestHandlerTypeError
from cqrs.handlers.recorder import EventDrain, events_of
from cqrs.handlers.shared import is_never_shared
from cqrs.handlers.unawaited import raise_not_awaited
from cqrs.requests.binding import HandlerBinding
from cqrs.unit_of_work.stack import any_unit_entered, entered_units

if TYPE_CHECKING:
    from cqrs.dispatcher.invocation import Invocation
    from cqrs.dispatcher.turn import Emit, Turn, TurnSetup


class RequestDispatcher(Dispatcher):
    """Compiles the turn of each request type: scope, middlewares, handler, events."""

    def compile(self, request_type: type) -> Turn:
        """Return the turn of ``request_type``, a function to be called with the request.

        Raises ``RequestHandlerDoesNotExist``, ``RequestHandlerTypeError`` if its handler streams, or ``WiringError``.
        """
        setup, binding = self._setup, self._map.binding(request_type)
        if binding.streaming:
            raise RequestHandlerTypeError(request_type, "its handler streams, so use StreamingRequestMediator.stream")
        scoped = setup.scoped(binding.handlers)
        emit = setup.emitter(scoped=scoped)
        if isinstance(binding, HandlerBinding) and is_never_shared(binding.handler, setup.injector):
            run = _one_handler(binding.handler, setup, emit)
        else:
            run = _several_handlers(invocation(binding, setup.injector, setup.hooks), emit, joins=setup.joins)
        turn = setup.chain.wrap(run)
        return in_scope(turn, setup) if scoped else turn


def _one_handler(handler_type: type[Any], setup: TurnSetup, emit: Emit) -> Turn:
    construct = setup.injector.shortcut(handler_type)
    recorded, joins = events_of(handler_type), setup.joins

    async def run(request: Any, *, joined: bool = False) -> Any:  # in here: a wrapper would cost a frame
        if any_unit_entered and joins and not joined and entered_units.get():
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
            raise_not_awaited(answer, request)
        events = recorded(handler)
        if events:
            await emit(EventDrain(handler, recorded).take(events))
        return answer

    return run


def _several_handlers(invoke: Invocation, emit: Emit, *, joins: bool) -> Turn:
    async def run(request: Any, *, joined: bool = False) -> Any:  # in here: a wrapper would cost a frame
        if any_unit_entered and joins and not joined and entered_units.get():
            return await join(run, request)
        answer, events = await invoke(request)
        if answer.__class__ is CoroutineType:
            raise_not_awaited(answer, request)
        if events:
            await emit(events)
        return answer

    return run
