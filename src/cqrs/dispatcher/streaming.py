"""Step 2: the turn of a streamed request. It is like that of a request, but hands over chunks."""

from __future__ import annotations

from contextlib import aclosing, nullcontext
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple

from cqrs.dispatcher.chunks import Chunk, driven, hand_over
from cqrs.dispatcher.invocation import handler_builder
from cqrs.dispatcher.turn import Dispatcher, in_scope
from cqrs.errors.requests import RequestHandlerTypeError
from cqrs.handlers.fallback import call_with_fallback
from cqrs.handlers.recorder import EventDrain
from cqrs.handlers.shared import HandlerStream
from cqrs.handlers.unawaited import raise_not_awaited
from cqrs.requests.binding import FallbackBinding
from cqrs.unit_of_work.stack import any_unit_entered, current_unit_of_work, entered_units

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence

    from cqrs.dispatcher.turn import Emit, Turn, TurnSetup

    Stream = Callable[[Any], AsyncGenerator[Any, None]]


class StreamingRequestDispatcher(Dispatcher):
    """Compiles the turn of each streamed request type: scope, middlewares, handler, events after each chunk."""

    def compile(self, request_type: type) -> Stream:
        """Return the turn of ``request_type``, a function to be called with the request, which returns the stream.

        Raises ``RequestHandlerDoesNotExist``, ``RequestHandlerTypeError`` if its handler does not stream, or
        ``WiringError``.
        """
        setup, binding = self._setup, self._map.binding(request_type)
        if not binding.streaming:
            raise RequestHandlerTypeError(request_type, "its handler does not stream, so use RequestMediator.send")
        scoped = setup.scoped(binding.handlers)
        emit = setup.emitter(scoped=scoped)
        if isinstance(binding, FallbackBinding):
            pump = _with_fallback(binding, setup, emit)
        else:
            pump = _pump(binding.handlers[0], setup, emit)
        wrapped = setup.chain.wrap(_joining(pump) if setup.joins else pump)
        turn = in_scope(wrapped, setup) if scoped else wrapped
        return lambda request: driven(lambda: turn(request))


def _joining(pump: Turn) -> Turn:
    """Wrap ``pump`` so that it joins an open unit of work.

    If there is none, ``pump`` itself is called, because each chunk would pass through an additional call.
    """

    async def joined(request: Any) -> None:
        unit = current_unit_of_work()
        async with nullcontext() if unit is None else unit.turn():
            await pump(request)

    def start(request: Any) -> Coroutine[Any, Any, Any]:
        return joined(request) if any_unit_entered and entered_units.get() else pump(request)

    return start


def _pump(handler_type: type, setup: TurnSetup, emit: Emit) -> Turn:
    build, recorded = handler_builder(setup.injector, handler_type, HandlerStream)

    async def pump(request: Any) -> None:
        handler = await build()
        drain, chunk = EventDrain(handler, recorded), Chunk()
        answer = handler.handle(request)  # by its annotation an AsyncIterator, and only a generator has to be closed
        async with aclosing(answer) if hasattr(answer, "aclose") else nullcontext(answer) as chunks:
            async for chunk.value in chunks:
                if chunk.value.__class__ is CoroutineType:
                    raise_not_awaited(chunk.value, request)
                events = recorded(handler)
                if events:
                    await emit(drain.take(events))
                await hand_over(chunk)
        events = recorded(handler)
        if events:
            await emit(drain.take(events))

    return pump


class _Recorded(NamedTuple):
    """Events that a handler or its fallback recorded, handed over between the chunks."""

    events: Sequence[Any]


def _with_fallback(binding: FallbackBinding, setup: TurnSetup, emit: Emit) -> Turn:
    # Handler and fallback run in an inner stream. Errors of event handlers, the broker and the consumer are raised in
    # the outer one, so that the fallback takes over for errors of the handler only.
    async def give_out(events: Sequence[Any]) -> None:
        chunk = Chunk()
        chunk.value = _Recorded(events)
        await hand_over(chunk)

    primary, fallback = (_pump(handler_type, setup, give_out) for handler_type in binding.handlers)

    def answered(request: Any) -> AsyncGenerator[Any, None]:
        return driven(lambda: call_with_fallback(binding, setup.hooks, binding.primary, primary, fallback, request))

    async def pump(request: Any) -> None:
        chunk = Chunk()
        async with aclosing(answered(request)) as chunks:
            async for chunk.value in chunks:
                if isinstance(chunk.value, _Recorded):
                    await emit(chunk.value.events)
                else:
                    await hand_over(chunk)

    return pump
