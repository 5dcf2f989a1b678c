"""Which code belongs together: what runs in one task, or in one stream that several tasks may drive in turn."""

from __future__ import annotations

from asyncio import CancelledError, current_task
from contextlib import suppress
from contextvars import Context, ContextVar, Token, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from cqrs._tasks.blocks import block

if TYPE_CHECKING:
    from collections.abc import Generator

T = TypeVar("T")


_CLOSED = "the consumer has closed the stream"


def stream_closed() -> CancelledError:
    """What is raised in the maker of a stream whose consumer has closed it before its end."""
    return CancelledError(_CLOSED)


def is_stream_closed(error: BaseException) -> bool:
    """Whether ``error`` is such a one."""
    return isinstance(error, CancelledError) and error.args == (_CLOSED,)


class StreamRun:
    """One stream under way. Its steps run in a context of their own; each may run in another task.

    ``task`` and ``outer`` are what has begun it: a task, which may run for another stream. ``given_out`` counts chunks.
    """

    __slots__ = ("_token", "given_out", "outer", "task")

    def __init__(self) -> None:
        self.given_out = 0
        self.task = running_task()
        self.outer = current_run.get()
        self._token: Token[StreamRun | None] | None = None

    def enter(self) -> None:
        """Begin, in the context of the steps."""
        self._token = current_run.set(self)

    def is_here(self) -> bool:
        """Whether the code that calls this is a step of the stream, and not a task that was started there.

        A token of a context variable is good in the context that it was made in, and in no copy of that.
        """
        if self._token is None:
            return False
        try:
            current_run.reset(self._token)
        except ValueError:
            return False
        self.enter()
        return True


current_run: ContextVar[StreamRun | None] = ContextVar("cqrs_stream_run", default=None)


def running_task() -> Any:
    """The task that runs; ``None`` where the event loop has ended, and Python closes what was left."""
    try:
        return current_task()
    except RuntimeError:
        return None


def runner() -> Any:
    """What the code that calls this runs in: a stream, or else a task."""
    run = current_run.get()
    return run if run is not None and run.is_here() else running_task()


def runs_in(owner: Any) -> bool:
    """Whether the code that calls this runs in ``owner``, be it within a stream that ``owner`` consumes."""
    run = current_run.get()
    if run is None or not run.is_here():
        return owner is running_task()
    while run is not None:
        if run is owner or run.task is owner:
            return True
        run = run.outer
    return False


_of_a_turn: list[tuple[ContextVar[Any], Any]] = []


def of_a_turn(variable: ContextVar[T], outside: T) -> ContextVar[T]:
    """``variable``, which belongs to the turn that sets it; ``outside`` of all turns it has that value."""
    _of_a_turn.append((variable, outside))
    return variable


def outside_turns() -> Context:
    """A context like this one, but for what belongs to the turn: for tasks that may outlive it."""
    context = copy_context()
    for variable, outside in _of_a_turn:
        context.run(variable.set, outside)
    return context


@block
def beside_the_turn() -> Generator[None]:
    """Let the code within see nothing that belongs to the turn: it does something of its own, on purpose."""
    tokens = [(variable, variable.set(outside)) for variable, outside in _of_a_turn]
    try:
        yield
    finally:
        for variable, token in tokens:
            with suppress(ValueError):  # it is left in another context, which has never seen this
                variable.reset(token)
