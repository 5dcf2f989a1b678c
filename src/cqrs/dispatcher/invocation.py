"""Step 2, how several handlers answer one request: build them, call them, collect the events they recorded."""

from __future__ import annotations

from contextlib import ExitStack
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.container.scope import open_scope
from cqrs.handlers.fallback import call_with_fallback
from cqrs.handlers.recorder import EventDrain, events_of
from cqrs.handlers.shared import OneCall, needs_no_call
from cqrs.requests.binding import ChainBinding, FallbackBinding, HandlerBinding
from cqrs.requests.cor_request_handler import build_chain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.container.adopt import Injector
    from cqrs.observability.hooks import Hooks
    from cqrs.requests.binding import Binding

    # gives the answer to the request, and the events that were recorded by whoever has answered
    Invocation = Callable[[Any], Awaitable[tuple[Any, Sequence[Any]]]]


def invocation(binding: Binding, injector: Injector, hooks: Hooks) -> Invocation:
    """How to answer with a handler, a chain of handlers, or a handler and its stand-in."""
    if isinstance(binding, HandlerBinding):
        return _single(binding.handler, injector)
    if isinstance(binding, ChainBinding):
        return _chain(binding, injector)
    return _fallback(binding, injector, hooks)


def builder(
    injector: Injector, handler_type: type[Any], one_call: type[OneCall] = OneCall
) -> tuple[Callable[[], Awaitable[Any]], Callable[[Any], Sequence[Any]]]:
    """A function that builds ``handler_type``: at once where that is possible, else in the open request scope.

    With it, one that looks at what such a handler has recorded. A handler that may serve others too gets a call of its
    own.
    """
    construct, anew = injector.shortcut(handler_type), needs_no_call(handler_type, injector)

    async def build() -> Any:
        if construct is not None:
            try:
                return construct()
            except NotAtOnce:
                pass
        return await open_scope.get().resolve(handler_type)

    async def build_call() -> Any:
        return one_call(await build())

    return (build, events_of(handler_type)) if anew else (build_call, attrgetter("events"))


def _chain(binding: ChainBinding, injector: Injector) -> Invocation:
    members_of = [builder(injector, handler_type) for handler_type in binding.handlers]
    anew = all(needs_no_call(handler_type, injector) for handler_type in binding.handlers)

    async def in_calls(members: list[Any], request: Any) -> Any:
        with ExitStack() as calls:
            for member in members:
                if isinstance(member, OneCall):
                    calls.enter_context(member)
            chain = [member.handler if isinstance(member, OneCall) else member for member in members]
            return await build_chain(chain).handle(request)

    async def invoke(request: Any) -> tuple[Any, Sequence[Any]]:
        members = [(await build(), recorded) for build, recorded in members_of]
        chain = [member for member, _ in members]
        answer = await (build_chain(chain).handle(request) if anew else in_calls(chain, request))
        return answer, [
            event for member, recorded in members for event in EventDrain(member, recorded).take(recorded(member))
        ]

    return invoke


def _fallback(binding: FallbackBinding, injector: Injector, hooks: Hooks) -> Invocation:
    primary, fallback = (_single(handler_type, injector) for handler_type in binding.handlers)

    async def invoke(request: Any) -> tuple[Any, Sequence[Any]]:
        return await call_with_fallback(binding, hooks, binding.primary, primary, fallback, request)

    return invoke


def _single(handler_type: type, injector: Injector) -> Invocation:
    build, recorded = builder(injector, handler_type)

    async def invoke(request: Any) -> tuple[Any, Sequence[Any]]:
        handler = await build()
        answer = await handler.handle(request)
        return answer, EventDrain(handler, recorded).take(recorded(handler))

    return invoke
