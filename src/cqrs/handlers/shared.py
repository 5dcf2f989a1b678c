"""Handlers that are shared between requests, such as singletons: recorded events belong to the current call."""

from __future__ import annotations

from contextlib import aclosing, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_name
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.handlers.unread_lists import lengths, raise_if_unread, unread_lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from cqrs.container.adopt import Injector

any_handler_shared: list[bool] = []
"""Empty until a shared handler is first called, so that without such handlers only this check is needed."""

_current_call: ContextVar[HandlerCall | None] = ContextVar("cqrs_handler_calls", default=None)
_busy: set[int] = set()  # ids of handlers in a call that can serve only one call at a time


def holder_of_events(handler: object) -> Any:
    """Return the object that stores what ``handler`` records: the current call, or the handler itself."""
    call = _current_call.get()
    while call is not None and call.handler is not handler:
        call = call.outer
    return handler if call is None or call.keeps_events else call


def is_never_shared(handler_type: type, injector: Injector) -> bool:
    """Whether calls of such a handler need no wrapper: each request gets a new one, and it has no unread lists."""
    return injector.makes_anew(handler_type) and not unread_lists(handler_type)


def recorded_by(handler: Any) -> Any:
    """Return what ``handler`` has recorded in the current call."""
    return (holder_of_events(handler) if any_handler_shared else handler)._cqrs_recorded  # noqa: SLF001  # of the same package


class HandlerCall:
    """One call of a shared handler, used like the handler. A chain calls the handler itself, within ``with call``."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.outer: HandlerCall | None = None
        self.keeps_events: bool = getattr(handler, "_cqrs_keeps_events", True)
        self._cqrs_recorded: Any = ()
        self._events_before = 0
        self._before: dict[str, int] = {}
        self._message: object = None

    @property
    def _cqrs_unread(self) -> Any:
        return self._cqrs_recorded

    @property
    def events(self) -> Sequence[Any]:
        """The events that were recorded in this call and not yet taken."""
        if self._before:
            raise_if_unread(self.handler, self._before, self._cqrs_recorded, self._message)
        if self.keeps_events:
            kept: Sequence[Any] = getattr(self.handler, "events", ())
            return [*kept][self._events_before :] if self._events_before else kept
        recorded: Sequence[Any] = self._cqrs_recorded
        return recorded

    def clear_events(self) -> None:
        """Drop the events that were recorded in this call."""
        self._before = lengths(self.handler)
        if self.keeps_events:
            clear = getattr(self.handler, "clear_events", None)
            if clear is not None:
                clear()
                self._events_before = min(self._events_before, len(getattr(self.handler, "events", ())))
        else:
            self._cqrs_recorded = ()

    async def handle(self, message: Any) -> Any:
        """Call the handler with ``message`` and return its result."""
        self._message = message
        with self:
            return await self.handler.handle(message)

    def __enter__(self) -> None:
        if self.keeps_events and hasattr(self.handler, "events"):
            if id(self.handler) in _busy:
                handler_type: Any = type(self.handler)  # pyright: ignore[reportUnknownVariableType]  # any handler
                problem = "it keeps its events in a list of its own, and was called again while it was at work"
                remedy = "Call self.record(...) in place of that list, or let it be made for each call"
                raise WiringError([WiringProblem(type_name(handler_type), problem, remedy)])
            _busy.add(id(self.handler))
            self._events_before = len(self.handler.events)  # of a call that failed
        self._before = lengths(self.handler)
        if not any_handler_shared:
            any_handler_shared.append(True)
        self.outer = _current_call.get()
        _current_call.set(self)

    def __exit__(self, *_: object) -> None:
        _busy.discard(id(self.handler))
        _current_call.set(self.outer)


class HandlerStream(HandlerCall):
    """One call of a shared streaming handler."""

    async def handle(self, message: Any) -> AsyncGenerator[Any, None]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """Yield the chunks of the handler."""
        self._message = message
        with self:
            answer = self.handler.handle(message)
            async with aclosing(answer) if hasattr(answer, "aclose") else nullcontext(answer) as chunks:
                async for chunk in chunks:
                    yield chunk
