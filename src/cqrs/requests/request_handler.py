"""Step 2: the base classes of command and query handlers."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from cqrs.handlers.recorder import EventRecorder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ReqT_contra = TypeVar("ReqT_contra", contravariant=True, default=Any)
ResT_co = TypeVar("ResT_co", covariant=True, default=Any)


class RequestHandler(EventRecorder, abc.ABC, Generic[ReqT_contra, ResT_co]):
    """Handles one type of request. Each request gets a new instance, with the constructor's parameters injected."""

    _cqrs_handles = "requests"

    @abc.abstractmethod
    async def handle(self, request: ReqT_contra, /) -> ResT_co:
        """Return the response to ``request``. An error is raised unchanged in the caller, and no event is emitted."""


class StreamingRequestHandler(EventRecorder, abc.ABC, Generic[ReqT_contra, ResT_co]):
    """Handles one type of request in chunks: ``handle`` is an async generator.

    Events recorded before a ``yield`` are handled before the consumer gets that chunk. If the consumer stops early, the
    generator is closed at its ``yield``.
    """

    _cqrs_handles = "requests"

    @abc.abstractmethod
    def handle(self, request: ReqT_contra, /) -> AsyncIterator[ResT_co]:
        """Yield the chunks of the response."""
