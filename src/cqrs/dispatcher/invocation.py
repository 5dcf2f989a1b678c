"""Step 2: builds the handlers of one request, calls them, and collects the events that they recorded."""

from __future__ import annotations

from contextlib import ExitStack
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.container.scope import open_scope
from cqrs.handlers.fallback import call_with_fallback
from cqrs.handlers.recorder import EventDrain, events_of
from cqrs.handlers.shared import HandlerCall, is_never_shared
from cqrs.requests.binding import ChainBinding, FallbackBinding, HandlerBinding
from cqrs.requests.cor_request_handler import build_chain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.container.adopt import Injector
    from cqrs.observability.hooks import Hooks
    from cqrs.requests.binding import Binding

    # returns the response to the request, and the events that the handlers recorded
    Invocation = Callable[[Any], Awaitable[tuple[Any, Sequence[Any]]]]


def invocation(binding: Binding, injector: Injector, hooks: Hooks) -> Invocation:
    """Return the function that calls what is bound: a handler, a chain of handlers, or a handler with a fallback."""
    if isinstance(binding, HandlerBinding):
        return _single(binding.handler, injector)
    if isinstance(binding, ChainBinding):
        return _chain(binding, injector)
    return _fallback(binding, injector, hooks)


def handler_builder(
    injector: Injector, handler_type: type[Any], one_call: type[HandlerCall] = HandlerCall
) -> tuple[Callable[[], Awaitable[Any]], Callable[[Any], Sequence[Any]]]:
    """Return a function that builds ``handler_type``, and one that returns the events that such a handler recorded.

    The handler is built by a plain call if possible, or else in the open request scope. A handler that may be shared
    between requests is wrapped in a ``one_call``, which keeps its events apart.
    """
    construct, anew = injector.shortcut(handler_type), is_never_shared(handler_type, injector)

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
    members_of = [handler_builder(injector, handler_type) for handler_type in binding.handlers]
    anew = all(is_never_shared(handler_type, injector) for handler_type in binding.handlers)

    async def in_calls(members: list[Any], request: Any) -> Any:
        with ExitStack() as calls:
            for member in members:
                if isinstance(member, HandlerCall):
                    calls.enter_context(member)
            chain = [member.handler if isinstance(member, HandlerCall) else member for member in members]
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
    build, recorded = handler_builder(injector, handler_type)

    async def invoke(request: Any) -> tuple[Any, Sequence[Any]]:
        handler = await build()
        answer = await handler.handle(request)
        return answer, EventDrain(handler, recorded).take(recorded(handler))

    return invoke
