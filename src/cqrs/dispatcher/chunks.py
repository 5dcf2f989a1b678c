"""How the chunks of a stream get through middlewares that know nothing of streams.

A middleware awaits ``handle(request)`` once and sees a turn whole. For a stream, ``handle`` therefore does not return
before the stream has ended. In the meantime every ``await hand_over(chunk)`` at its bottom suspends the middlewares
together with it, as awaiting a future would; :func:`driven` steps the suspended coroutine on, passes futures on to the
event loop, and gives the chunks to the consumer. No task and no queue: the handler runs while the consumer waits.
(The ``async_generator`` package brought asynchronous generators to Python 3.5 this way.)

The steps run in a context of their own, so that a context variable that a middleware sets is seen by the handler and
not by the consumer.
"""

from __future__ import annotations

import types
from asyncio import CancelledError
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from cqrs._tasks.cancellation import cancellations
from cqrs._tasks.running import StreamRun, stream_closed
from cqrs.errors.requests import StreamTaskError
from cqrs.unit_of_work.stack import settle_units

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator


class Chunk:
    """What carries the chunks of one stream past the middlewares, one after the other."""

    __slots__ = ("value",)
    value: Any


@types.coroutine
def hand_over(chunk: Chunk) -> Generator[Chunk, None, None]:
    """Suspend until the consumer has taken what ``chunk`` carries, and asks for the next one."""
    try:
        yield chunk
    except RuntimeError as error:
        if "got bad yield" in str(error):  # asyncio's word when another task than the driver's stepped on us
            raise StreamTaskError from error
        raise


@types.coroutine
def _pass_on(awaited: Any) -> Generator[Any, Any, Any]:
    return (yield awaited)


async def driven(start: Callable[[], Coroutine[Any, Any, Any]]) -> AsyncGenerator[Any, None]:
    """Runs the coroutine that ``start`` makes and yields what it hands over; then its result, if nothing was.

    Closing the generator raises ``CancelledError`` in the coroutine, at its ``hand_over``, and lets it clean up.
    (A ``GeneratorExit`` would not do: Python then closes the awaited coroutines at once, and they could not await.)
    """
    settle_units()  # here: the steps of the stream run in a context of their own
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
                raise  # the task was cancelled, be it while the stream was being closed
            try:
                if type(awaited) is not Chunk:
                    value = await _pass_on(awaited)
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
            except BaseException as error:  # noqa: BLE001  # whatever it is, it belongs to the coroutine
                value, step = error, coroutine.throw
    finally:
        value = None  # an error refers to this frame: without this it would be kept, with all of the turn, until a gc
