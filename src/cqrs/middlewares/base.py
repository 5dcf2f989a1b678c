"""Step 2: the port of middlewares, which wrap every turn, and their chain."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, Protocol

from cqrs._arguments import Needed, check, takes
from cqrs._introspection.callables import is_async
from cqrs._introspection.generics import type_name
from cqrs.errors.wiring import WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator

    Handle = Callable[[Any], Coroutine[Any, Any, Any]]


class Middleware(Protocol):
    """Wraps the turn of a request, a stream or an event; any ``async`` callable with these parameters is one.

    A turn is the handler, the handling of the domain events it recorded, and the sending of its notifications. A
    middleware surrounds all of it: code after ``await handle(request)`` runs when everything is done. For a stream
    that is when the consumer has taken the last chunk, or has closed the stream: then ``handle`` raises
    ``CancelledError``. ``handle`` must be awaited in the middleware's own task. It may be awaited again, to retry, or
    not at all: what the middleware returns is the response. For a stream whose middleware has not called ``handle``,
    it is the only chunk, unless it is ``None``.
    """

    async def __call__(self, request: Any, handle: Handle, /) -> Any:
        """Return the response to ``request``, usually the result of ``await handle(request)``."""
        ...


class MiddlewareChain:
    """Middlewares in their order: the first is the outermost, which gets a request first and its response last."""

    def __init__(self, middlewares: Iterable[Middleware] = ()) -> None:
        self.set(middlewares)

    def set(self, chain: Iterable[Middleware]) -> None:
        """Replace all middlewares. Request types that a mediator has handled before keep the old ones."""
        check("middlewares", chain, _MIDDLEWARES)
        self._middlewares = list(chain)

    def add(self, middleware: Middleware) -> None:
        """Add ``middleware`` as the innermost one."""
        self._middlewares.append(middleware)

    def wrap(self, handle: Handle) -> Handle:
        """Return ``handle`` with every middleware around it."""
        for middleware in reversed(self._middlewares):
            handle = _around(middleware, handle)
        return handle

    def has(self, kind: type) -> bool:
        """Whether one of the middlewares is an instance of ``kind``."""
        return any(isinstance(middleware, kind) for middleware in self._middlewares)

    def problems(self) -> Iterator[WiringProblem]:
        """Yield everything that is wrong with the middlewares."""
        for middleware in self._middlewares:
            name = f"the middleware {type_name(middleware)}"
            if isinstance(middleware, type):
                yield WiringProblem(name, "it is a class", "Pass an instance of it")
            elif not is_async(middleware):
                yield WiringProblem(name, "it is not async", "Declare it `async def (request, handle)`")
            elif not takes(middleware, 2):
                remedy = "Let it take two parameters: `async def (request, handle)`"
                yield WiringProblem(name, "it does not take a request and what handles it", remedy)

    def __bool__(self) -> bool:
        return bool(self._middlewares)


_MIDDLEWARES = Needed("a list of middlewares, even for a single one", ("__iter__",))


def _around(middleware: Middleware, inner: Handle) -> Handle:
    # Not async, so that a middleware costs no second coroutine. Calling its bound method is faster than calling an
    # object with a method `__call__`.
    method = middleware.__call__
    call = method if isinstance(method, MethodType) else middleware
    return lambda request: call(request, inner)
