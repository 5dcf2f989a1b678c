"""Step 2, how a binding is called: build the handlers, call them, collect the events they recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._fallback import call_with_fallback
from cqrs.container.adopt import builder
from cqrs.events.recorder import EventDrain
from cqrs.requests.binding import Binding, ChainBinding, FallbackBinding
from cqrs.requests.cor_request_handler import build_chain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.container.adopt import Injector
    from cqrs.container.protocol import Container
    from cqrs.observability.hooks import Hooks

    # answers the request with handlers from the scope, and appends the events that they recorded to the list
    Invocation = Callable[[Any, Container, list[Any]], Awaitable[Any]]


def invocation(binding: Binding, injector: Injector, hooks: Hooks) -> Invocation:
    """How to answer whole: with one handler, a chain of them, or a handler and its stand-in."""
    if isinstance(binding, ChainBinding):
        return _chain(binding, injector)
    if isinstance(binding, FallbackBinding):
        return _fallback(binding, injector, hooks)
    return _single(binding.handler, injector)


def _single(handler_type: type, injector: Injector) -> Invocation:
    build = builder(injector, handler_type)

    async def invoke(request: Any, scope: Container, events: list[Any]) -> Any:
        handler = await build(scope)
        answer = await handler.handle(request)
        events.extend(EventDrain(handler).take())
        return answer

    return invoke


def _chain(binding: ChainBinding, injector: Injector) -> Invocation:
    builds = [builder(injector, handler_type) for handler_type in binding.handlers]

    async def invoke(request: Any, scope: Container, events: list[Any]) -> Any:
        members = [await build(scope) for build in builds]
        answer = await build_chain(members).handle(request)
        for member in members:
            events.extend(EventDrain(member).take())
        return answer

    return invoke


def _fallback(binding: FallbackBinding, injector: Injector, hooks: Hooks) -> Invocation:
    primary, fallback = (_single(handler_type, injector) for handler_type in binding.handlers)

    async def invoke(request: Any, scope: Container, events: list[Any]) -> Any:
        return await call_with_fallback(binding, hooks, binding.primary, primary, fallback, request, scope, events)

    return invoke
