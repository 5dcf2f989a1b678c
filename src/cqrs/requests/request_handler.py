"""Step 2, who answers: the base classes of command and query handlers."""

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
    """Answers one type of request. A new instance is built for each request, its constructor's parameters injected."""

    _cqrs_handles = "requests"

    @abc.abstractmethod
    async def handle(self, request: ReqT_contra, /) -> ResT_co:
        """Answer ``request``. What it raises reaches the caller of ``send`` as it is, and no event is emitted."""


class StreamingRequestHandler(EventRecorder, abc.ABC, Generic[ReqT_contra, ResT_co]):
    """Answers one type of request in chunks: ``handle`` is an async generator.

    The events recorded before a ``yield`` are handled before the consumer sees that chunk. When the consumer stops
    early, the generator is closed at its ``yield``.
    """

    _cqrs_handles = "requests"

    @abc.abstractmethod
    def handle(self, request: ReqT_contra, /) -> AsyncIterator[ResT_co]:
        """Yield the answer's chunks."""
