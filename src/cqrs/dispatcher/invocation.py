"""Step 2, how several handlers answer one request: build them, call them, collect the events they recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._fallback import call_with_fallback
from cqrs.container.scope import open_scope
from cqrs.container.shortcut import NotAtOnce
from cqrs.events.recorder import EventDrain, events_of
from cqrs.requests.binding import ChainBinding, FallbackBinding
from cqrs.requests.cor_request_handler import build_chain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.container.adopt import Injector
    from cqrs.observability.hooks import Hooks

    # gives the answer to the request, and the events that were recorded by whoever has answered
    Invocation = Callable[[Any], Awaitable[tuple[Any, Sequence[Any]]]]


def invocation(binding: ChainBinding | FallbackBinding, injector: Injector, hooks: Hooks) -> Invocation:
    """How to answer with a chain of handlers, or with a handler and its stand-in."""
    if isinstance(binding, ChainBinding):
        return _chain(binding, injector)
    return _fallback(binding, injector, hooks)


def builder(injector: Injector, handler_type: type[Any]) -> Callable[[], Awaitable[Any]]:
    """A function that builds ``handler_type``: at once where that is possible, else in the open request scope."""
    construct = injector.shortcut(handler_type)

    async def build() -> Any:
        if construct is not None:
            try:
                return construct()
            except NotAtOnce:
                pass
        return await open_scope.get().resolve(handler_type)

    return build


def _chain(binding: ChainBinding, injector: Injector) -> Invocation:
    members_of = [(builder(injector, handler_type), events_of(handler_type)) for handler_type in binding.handlers]

    async def invoke(request: Any) -> tuple[Any, Sequence[Any]]:
        members = [(await build(), recorded) for build, recorded in members_of]
        answer = await build_chain([member for member, _ in members]).handle(request)
        return answer, [event for member, recorded in members for event in EventDrain(member).take(recorded(member))]

    return invoke


def _fallback(binding: FallbackBinding, injector: Injector, hooks: Hooks) -> Invocation:
    primary, fallback = (_single(handler_type, injector) for handler_type in binding.handlers)

    async def invoke(request: Any) -> tuple[Any, Sequence[Any]]:
        return await call_with_fallback(binding, hooks, binding.primary, primary, fallback, request)

    return invoke


def _single(handler_type: type, injector: Injector) -> Invocation:
    build = builder(injector, handler_type)
    recorded = events_of(handler_type)

    async def invoke(request: Any) -> tuple[Any, Sequence[Any]]:
        handler = await build()
        answer = await handler.handle(request)
        return answer, EventDrain(handler).take(recorded(handler))

    return invoke
