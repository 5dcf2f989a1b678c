"""Which code belongs together: what runs in one task, or in one stream that several tasks may drive in turn."""

from __future__ import annotations

from asyncio import CancelledError, current_task
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

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
    """One stream under way. Each of its steps may run in another task, for its consumer decides that."""

    __slots__ = ("given_out", "outer", "task")

    def __init__(self) -> None:
        self.given_out = 0  # chunks
        self.task: Any = None
        self.outer: StreamRun | None = None

    def step(self) -> None:
        """Note that the calling task drives the next step."""
        self.task, self.outer = running_task(), current_run.get()


current_run: ContextVar[StreamRun | None] = ContextVar("cqrs_stream_run", default=None)


def running_task() -> Any:
    """The task that runs; ``None`` where the event loop has ended, and Python closes what was left."""
    try:
        return current_task()
    except RuntimeError:
        return None


def runner() -> Any:
    """What the code that calls this runs in: a stream, or else a task."""
    run, task = current_run.get(), running_task()
    return run if run is not None and run.task is task else task


def runs_in(owner: Any) -> bool:
    """Whether the code that calls this runs in ``owner``, be it within a stream that ``owner`` consumes."""
    task = running_task()
    if owner is task:
        return True
    run = current_run.get()
    while run is not None and run.task is task:
        if run is owner:
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


@contextmanager
def beside_the_turn() -> Generator[None]:
    """Let the code within see nothing that belongs to the turn: it does something of its own, on purpose."""
    tokens = [(variable, variable.set(outside)) for variable, outside in _of_a_turn]
    try:
        yield
    finally:
        for variable, token in tokens:
            variable.reset(token)
