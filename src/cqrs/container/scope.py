"""Finds the request scope that the running code belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import turn_variable
from cqrs.errors.wiring import NoRequestScope

if TYPE_CHECKING:
    from contextvars import ContextVar

    from cqrs.container.protocol import Container

_NONE: Container | Any = None
open_scope: ContextVar[Container] = turn_variable("cqrs_request_scope", outside=_NONE)


def current_scope() -> Container:
    """Return the container of the request scope that this code runs in; call it in a middleware or a handler.

    Raises ``LookupError`` outside of a request, and if nothing in the container lives per request.
    """
    scope = open_scope.get()
    if scope is _NONE:
        raise NoRequestScope
    return scope
