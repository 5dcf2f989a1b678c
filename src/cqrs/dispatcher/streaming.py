"""Step 2, the turn of a stream: like that of a request, with chunks on the way."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from cqrs._fallback import call_with_fallback
from cqrs.dispatcher.chunks import Chunk, driven, hand_over
from cqrs.dispatcher.invocation import builder
from cqrs.dispatcher.turn import Dispatcher, in_scope
from cqrs.errors import RequestHandlerTypeError
from cqrs.events.recorder import EventDrain, events_of
from cqrs.requests.binding import FallbackBinding

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from cqrs.dispatcher.turn import Emit, Turn, Turns

    Stream = Callable[[Any], AsyncGenerator[Any, None]]


class StreamingRequestDispatcher(Dispatcher):
    """Compiles the turn of each streamed request type: scope, middlewares, handler, events after each chunk."""

    def compile(self, request_type: type) -> Stream:
        """The turn of ``request_type``.

        Raises ``RequestHandlerDoesNotExist``, ``RequestHandlerTypeError`` for a request that is answered whole, or
        ``WiringError``.
        """
        turns, binding = self._turns, self._map.binding(request_type)
        if not binding.streaming:
            raise RequestHandlerTypeError(request_type, "its handler answers whole, so use RequestMediator.send")
        scoped = turns.scoped(binding.handlers)
        emit = turns.emitter(scoped=scoped)
        if isinstance(binding, FallbackBinding):
            pump = _with_fallback(binding, turns, emit)
        else:
            pump = _pump(binding.handlers[0], turns, emit)
        wrapped = turns.chain.wrap(pump)
        turn = in_scope(wrapped, turns) if scoped else wrapped
        return lambda request: driven(lambda: turn(request))


def _pump(handler_type: type, turns: Turns, emit: Emit) -> Turn:
    build = builder(turns.injector, handler_type)
    recorded = events_of(handler_type)

    async def pump(request: Any) -> None:
        handler = await build()
        drain, chunk = EventDrain(handler), Chunk()
        async with aclosing(handler.handle(request)) as chunks:
            async for chunk.value in chunks:
                if recorded(handler):
                    await emit(drain.take())
                await hand_over(chunk)
        if recorded(handler):
            await emit(drain.take())

    return pump


def _with_fallback(binding: FallbackBinding, turns: Turns, emit: Emit) -> Turn:
    primary, fallback = (_pump(handler_type, turns, emit) for handler_type in binding.handlers)

    async def pump(request: Any) -> None:
        await call_with_fallback(binding, turns.hooks, binding.primary, primary, fallback, request)

    return pump
