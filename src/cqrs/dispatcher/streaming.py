"""Step 2, the turn of a stream: like that of a request, with chunks on the way."""

from __future__ import annotations

from contextlib import aclosing, nullcontext
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple

from cqrs.dispatcher.chunks import Chunk, driven, hand_over
from cqrs.dispatcher.invocation import builder
from cqrs.dispatcher.turn import Dispatcher, in_scope
from cqrs.errors.requests import RequestHandlerTypeError
from cqrs.handlers.fallback import call_with_fallback
from cqrs.handlers.recorder import EventDrain
from cqrs.handlers.shared import OneStream
from cqrs.handlers.unawaited import refuse
from cqrs.requests.binding import FallbackBinding
from cqrs.unit_of_work.stack import current_unit_of_work, entered, ever_entered

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence

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
        wrapped = turns.chain.wrap(_joining(pump) if turns.joins else pump)
        turn = in_scope(wrapped, turns) if scoped else wrapped
        return lambda request: driven(lambda: turn(request))


def _joining(pump: Turn) -> Turn:
    """``pump``, joined to an open unit of work. Outside of all it is itself, for each chunk goes through every call."""

    async def joined(request: Any) -> None:
        unit = current_unit_of_work()
        async with nullcontext() if unit is None else unit.turn():
            await pump(request)

    def start(request: Any) -> Coroutine[Any, Any, Any]:
        return joined(request) if ever_entered and entered.get() else pump(request)

    return start


def _pump(handler_type: type, turns: Turns, emit: Emit) -> Turn:
    build, recorded = builder(turns.injector, handler_type, OneStream)

    async def pump(request: Any) -> None:
        handler = await build()
        drain, chunk = EventDrain(handler, recorded), Chunk()
        answer = handler.handle(request)  # by its annotation an AsyncIterator, and only a generator has to be closed
        async with aclosing(answer) if hasattr(answer, "aclose") else nullcontext(answer) as chunks:
            async for chunk.value in chunks:
                if chunk.value.__class__ is CoroutineType:
                    refuse(chunk.value, request)
                events = recorded(handler)
                if events:
                    await emit(drain.take(events))
                await hand_over(chunk)
        events = recorded(handler)
        if events:
            await emit(drain.take(events))

    return pump


class _Recorded(NamedTuple):
    """Events, on their way out of the handler and its fallback among the chunks."""

    events: Sequence[Any]


def _with_fallback(binding: FallbackBinding, turns: Turns, emit: Emit) -> Turn:
    # The fallback is a stream within the stream. It answers for the handler only: what an event handler, a broker or
    # the consumer raises is raised out here.
    async def give_out(events: Sequence[Any]) -> None:
        chunk = Chunk()
        chunk.value = _Recorded(events)
        await hand_over(chunk)

    primary, fallback = (_pump(handler_type, turns, give_out) for handler_type in binding.handlers)

    def answered(request: Any) -> AsyncGenerator[Any, None]:
        return driven(lambda: call_with_fallback(binding, turns.hooks, binding.primary, primary, fallback, request))

    async def pump(request: Any) -> None:
        chunk = Chunk()
        async with aclosing(answered(request)) as chunks:
            async for chunk.value in chunks:
                if isinstance(chunk.value, _Recorded):
                    await emit(chunk.value.events)
                else:
                    await hand_over(chunk)

    return pump
