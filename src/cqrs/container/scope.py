"""The request scope that is open where the code runs."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cqrs.container.protocol import Container

open_scope: ContextVar[Container] = ContextVar("cqrs_request_scope")


def current_scope() -> Container:
    """The container of the request scope that this code runs in: in a middleware or a handler, the request's own.

    Raises ``LookupError`` outside of a request, and where nothing in the container lives per request.
    """
    return open_scope.get()
