"""The request scope that is open where the code runs."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import of_a_turn
from cqrs.errors.wiring import NoRequestScope

if TYPE_CHECKING:
    from cqrs.container.protocol import Container

_NONE: Container | Any = None
open_scope: ContextVar[Container] = of_a_turn(ContextVar("cqrs_request_scope"), _NONE)


def current_scope() -> Container:
    """The container of the request scope that this code runs in: in a middleware or a handler, the request's own.

    Raises ``LookupError`` outside of a request, and where nothing in the container lives per request.
    """
    scope = open_scope.get()
    if scope is _NONE:
        raise NoRequestScope
    return scope
