"""A handler that serves others too, a singleton for one: what it records belongs to the call in which it does."""

from __future__ import annotations

from contextlib import aclosing, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_name
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.handlers.unread_lists import lengths, must_be_read, unread_lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from cqrs.container.adopt import Injector

ever_shared: list[bool] = []
"""Empty as long as no handler serves several calls: a look at it is all that others pay."""

_calls: ContextVar[OneCall | None] = ContextVar("cqrs_handler_calls", default=None)
_alone: set[int] = set()  # handlers under way that can serve one call at a time only, by their identity


def keeper_for(handler: object) -> Any:
    """Who keeps what ``handler`` records here: the call that it runs in, or the handler itself."""
    call = _calls.get()
    while call is not None and call.handler is not handler:
        call = call.outer
    return handler if call is None or call.keeps_events else call


def needs_no_call(handler_type: type, injector: Injector) -> bool:
    """Whether a handler of this type can do without: it is made anew, and keeps no events where nobody reads them."""
    return injector.makes_anew(handler_type) and not unread_lists(handler_type)


def recorded_by(handler: Any) -> Any:
    """What ``handler`` has recorded here."""
    return (keeper_for(handler) if ever_shared else handler)._cqrs_recorded  # noqa: SLF001  # of the same package


class OneCall:
    """One call of such a handler, used like the handler. In a chain, which calls it by itself, within ``with``."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.outer: OneCall | None = None
        self.keeps_events: bool = getattr(handler, "_cqrs_keeps_events", True)
        self._cqrs_recorded: Any = ()
        self._left_over = 0
        self._before: dict[str, int] = {}
        self._message: object = None

    @property
    def _cqrs_unread(self) -> Any:
        return self._cqrs_recorded

    @property
    def events(self) -> Sequence[Any]:
        """What was recorded in this call and not yet taken."""
        if self._before:
            must_be_read(self.handler, self._before, self._cqrs_recorded, self._message)
        if self.keeps_events:
            kept: Sequence[Any] = getattr(self.handler, "events", ())
            return [*kept][self._left_over :] if self._left_over else kept
        recorded: Sequence[Any] = self._cqrs_recorded
        return recorded

    def clear_events(self) -> None:
        """Forget what was recorded in this call."""
        self._before = lengths(self.handler)
        if self.keeps_events:
            clear = getattr(self.handler, "clear_events", None)
            if clear is not None:
                clear()
                self._left_over = min(self._left_over, len(getattr(self.handler, "events", ())))
        else:
            self._cqrs_recorded = ()

    async def handle(self, message: Any) -> Any:
        """What the handler makes of ``message``."""
        self._message = message
        with self:
            return await self.handler.handle(message)

    def __enter__(self) -> None:
        if self.keeps_events and hasattr(self.handler, "events"):
            if id(self.handler) in _alone:
                handler_type: Any = type(self.handler)  # pyright: ignore[reportUnknownVariableType]  # any handler
                problem = "it keeps its events in a list of its own, and was called again while it was at work"
                remedy = "Call self.record(...) in place of that list, or let it be made for each call"
                raise WiringError([WiringProblem(type_name(handler_type), problem, remedy)])
            _alone.add(id(self.handler))
            self._left_over = len(self.handler.events)  # of a call that failed
        self._before = lengths(self.handler)
        if not ever_shared:
            ever_shared.append(True)
        self.outer = _calls.get()
        _calls.set(self)

    def __exit__(self, *_: object) -> None:
        _alone.discard(id(self.handler))
        _calls.set(self.outer)


class OneStream(OneCall):
    """One call of a handler that streams."""

    async def handle(self, message: Any) -> AsyncGenerator[Any, None]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """The chunks of the handler."""
        self._message = message
        with self:
            answer = self.handler.handle(message)
            async with aclosing(answer) if hasattr(answer, "aclose") else nullcontext(answer) as chunks:
                async for chunk in chunks:
                    yield chunk
