"""Passes the chunks of a stream through middlewares that do not know about streams.

A middleware awaits ``handle(request)`` once and surrounds the whole turn. For a stream, ``handle`` therefore does not
return before the stream has ended. Until then each ``await hand_over(chunk)`` in the handler's code suspends the
handler and all middlewares around it, as awaiting a future would. :func:`driven` resumes the suspended coroutine,
passes futures on to the event loop, and gives the chunks to the consumer. There is neither a task nor a queue: the
handler runs while the consumer waits. (The ``async_generator`` package brought asynchronous generators to Python 3.5
this way.)

The steps run in a context of their own, so that the handler sees a context variable that a middleware sets, and the
consumer does not.
"""

from __future__ import annotations

import types
from asyncio import CancelledError
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from cqrs._tasks.cancellation import cancellations
from cqrs._tasks.running import StreamRun, stream_closed
from cqrs.errors.requests import StreamTaskError
from cqrs.unit_of_work.stack import remember_owners

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator


class Chunk:
    """Carries the chunks of one stream past the middlewares, one after the other."""

    __slots__ = ("value",)
    value: Any


@types.coroutine
def hand_over(chunk: Chunk) -> Generator[Chunk, None, None]:
    """Give ``chunk.value`` to the consumer, and return when the consumer asks for the next chunk."""
    try:
        yield chunk
    except RuntimeError as error:
        if "got bad yield" in str(error):  # asyncio raises this if another task has resumed the coroutine
            raise StreamTaskError from error
        raise


@types.coroutine
def _await(awaited: Any) -> Generator[Any, Any, Any]:
    return (yield awaited)


async def driven(start: Callable[[], Coroutine[Any, Any, Any]]) -> AsyncGenerator[Any, None]:
    """Run the coroutine that ``start`` makes, and yield what it hands over; if that is nothing, yield its result.

    Closing the generator raises ``CancelledError`` in the coroutine, at its ``hand_over``, and lets it clean up. A
    ``GeneratorExit`` cannot be used: Python then closes the awaited coroutines at once, so that they cannot await.
    """
    remember_owners()  # here: the steps of the stream run in a context of their own
    context, steps = copy_context(), StreamRun()
    run = context.run
    run(steps.enter)
    coroutine = run(start)
    send = coroutine.send
    step: Callable[[Any], Any] = send
    value: Any = None
    handed_over = closing = False
    before = 0  # cancellations of the consumer
    try:
        while True:
            try:
                awaited = run(step, value)
            except StopIteration as end:
                if not handed_over and end.value is not None:
                    yield end.value
                return
            except CancelledError:
                if closing and cancellations() <= before:
                    return
                raise  # the task was cancelled, maybe while the stream was being closed
            try:
                if type(awaited) is not Chunk:
                    value = await _await(awaited)
                elif closing:
                    raise RuntimeError("the stream went on after it had been closed")  # noqa: TRY301  # into the coroutine
                else:
                    handed_over = True
                    steps.given_out += 1
                    value = yield awaited.value
                step = send
            except GeneratorExit:
                closing, before = True, cancellations()
                value, step = stream_closed(), coroutine.throw
            except BaseException as error:  # noqa: BLE001  # every error is passed to the coroutine
                value, step = error, coroutine.throw
    finally:
        value = None  # an error refers to this frame: without this the whole turn would live until a collection
