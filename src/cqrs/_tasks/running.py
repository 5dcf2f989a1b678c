"""Which task, stream or turn the running code belongs to.

A *turn* is one call of a mediator: one request, stream or event with all that its handlers do. Context variables made
by :func:`turn_variable` belong to the turn that sets them.
"""

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
    """Return the error that is raised in a streaming handler when its consumer closes the stream before its end."""
    return CancelledError(_CLOSED)


def is_stream_closed(error: BaseException) -> bool:
    """Whether ``error`` was made by :func:`stream_closed`."""
    return isinstance(error, CancelledError) and error.args == (_CLOSED,)


class StreamRun:
    """One stream under way. Its steps run in a context of their own, and each step may run in a different task.

    ``task`` is the task that began it, ``outer`` the stream that this task was running for, if any, and ``given_out``
    the number of chunks that were handed to the consumer.
    """

    __slots__ = ("_token", "given_out", "outer", "task")

    def __init__(self) -> None:
        self.given_out = 0
        self.task = running_task()
        self.outer = current_run.get()
        self._token: Token[StreamRun | None] | None = None

    def enter(self) -> None:
        """Mark the current context as that of the steps."""
        self._token = current_run.set(self)

    def is_here(self) -> bool:
        """Whether the caller is a step of the stream, and not a task that was started by one.

        The token of a context variable is valid in the context that it was made in, but in no copy of that.
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
    """Return the running task, or ``None`` after the end of the event loop, when Python closes what is left."""
    try:
        return current_task()
    except RuntimeError:
        return None


def runner() -> Any:
    """Return the stream that the caller is a step of, or else the running task."""
    run = current_run.get()
    return run if run is not None and run.is_here() else running_task()


def runs_in(owner: Any) -> bool:
    """Whether the caller runs in ``owner``, a task or stream, or in a stream that ``owner`` consumes."""
    run = current_run.get()
    if run is None or not run.is_here():
        return owner is running_task()
    while run is not None:
        if run is owner or run.task is owner:
            return True
        run = run.outer
    return False


_turn_variables: list[tuple[ContextVar[Any], Any]] = []


def turn_variable(name: str, *, outside: T) -> ContextVar[T]:
    """Make a context variable that belongs to the turn that sets it; outside of all turns its value is ``outside``."""
    variable: ContextVar[T] = ContextVar(name, default=outside)
    _turn_variables.append((variable, outside))
    return variable


def context_without_turn() -> Context:
    """Copy the current context without the variables of the turn, for a task that may outlive the turn."""
    context = copy_context()
    for variable, outside in _turn_variables:
        context.run(variable.set, outside)
    return context


@block
def without_turn() -> Generator[None]:
    """Hide the variables of the turn from the code within, which deliberately works outside of the turn."""
    tokens = [(variable, variable.set(outside)) for variable, outside in _turn_variables]
    try:
        yield
    finally:
        for variable, token in tokens:
            with suppress(ValueError):  # the block is left in another context, where these values were never set
                variable.reset(token)
