"""Errors of requests that cannot be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs._introspection.generics import type_names
from cqrs.errors.root import CQRSError

if TYPE_CHECKING:
    from collections.abc import Sequence


class RequestHandlerDoesNotExist(CQRSError, ValueError):
    """No handler is bound for ``request_type``; ``bound`` names the request types that have one.

    With ``sent_class``, the class itself was sent instead of an instance of it.
    """

    def __init__(self, request_type: type, bound: Sequence[type] = (), *, sent_class: bool = False) -> None:
        self.request_type = request_type
        self.bound = tuple(bound)
        self.sent_class = sent_class
        name, *others = type_names(request_type, *self.bound)
        known = ", ".join(sorted(others)) or "none"
        super().__init__(
            f"{name} is no request, a class was sent, send an instance of it: {name}(...)."
            if sent_class
            else f"No handler for {name}: bind one in commands_mapper or queries_mapper (bound so far: {known})."
        )


class RequestHandlerTypeError(CQRSError, TypeError):
    """The handler bound for ``request_type`` cannot serve this call; the text names the one that can."""

    def __init__(self, request_type: type, problem: str) -> None:
        self.request_type = request_type
        super().__init__(f"{request_type.__name__}: {problem}")


class NotAwaited(CQRSError, TypeError):
    """A handler of ``message_type`` has returned an awaitable of type ``kind`` as its answer, without awaiting it."""

    def __init__(self, message_type: type, kind: type) -> None:
        self.message_type = message_type
        self.kind = kind
        super().__init__(
            f"A handler of {message_type.__name__} has returned a {kind.__name__} that was not awaited, so that "
            "its work is not done: await it in the handler, `return await ...`."
        )


class StreamTaskError(CQRSError, RuntimeError):
    """A middleware or circuit breaker ran the turn of a stream in its own task."""

    def __init__(self) -> None:
        super().__init__(
            "The turn of a stream must be awaited in the task that consumes it: await handle(request) directly, "
            "with asyncio.timeout() instead of asyncio.wait_for(), gather() or create_task()."
        )


class CircuitOpenError(CQRSError):
    """The circuit for ``identifier`` is open: the call was not made.

    ``retry_after`` is the time in seconds until the next probe is let through, ``None`` if it is not known.
    """

    def __init__(self, identifier: str, retry_after: float | None = None) -> None:
        self.identifier = identifier
        self.retry_after = retry_after
        when = "" if retry_after is None else f"; the next probe is due in {retry_after:.1f} s"
        super().__init__(f"The circuit breaker of {identifier} is open{when}. Use a fallback or try again later.")
