"""Between steps 6 and 3, what a message says about where it comes from: headers for all that is sent here.

They go onto every notification that is put into an outbox, or sent by the emitter, within one of the blocks below.
What an event or a call of ``add`` says itself counts before them.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cqrs._running import of_a_turn
from cqrs._sendable import check_headers, travels
from cqrs.errors.messages import UnfitMessage

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from cqrs.envelope import Envelope

CORRELATION, CAUSATION = "correlation-id", "causation-id"
_TRACING = ("traceparent", "tracestate")

_nothing: Mapping[str, str] = {}
_headers = of_a_turn(ContextVar("cqrs_headers", default=_nothing), _nothing)


def context_headers() -> dict[str, str]:
    """The headers for what is sent here; none outside of the blocks."""
    return dict(_headers.get())


def headers_of(name: str, event: Any, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Headers for ``event``: those ``given``, before what it says itself, before those of where it comes from."""
    said = getattr(event, "message_headers", None)
    try:
        return {**context_headers(), **(said or {}), **(given or {})}
    except TypeError as error:
        wrong = said if given is None else given
        problem = f"are a {type(wrong).__name__}"
        raise UnfitMessage(name, "headers", problem, "give a dictionary of texts") from error


@contextmanager
def carrying(headers: Mapping[str, str]) -> Generator[None]:
    """Put ``headers`` on all that is sent within, beside those of the blocks around it.

    So the edge of an application hands on the correlation id of a call: ``carrying({"correlation-id": ...})``. Raises
    ``UnfitMessage`` for a header that no message can have.
    """
    check_headers(headers)
    token = _headers.set({**_headers.get(), **headers})
    try:
        yield
    finally:
        _headers.reset(token)


@contextmanager
def consuming(envelope: Envelope) -> Generator[None]:
    """All that is sent within follows from ``envelope``.

    What it came with and no message of ours can have, such as an id of a thousand letters, is left out.
    Its id becomes the causation id. Its correlation id is handed on; if it has none, its own id begins one. Where it
    came with a trace context, that is handed on, too. Nothing else is taken over, from it or from blocks around.
    """
    known = envelope.headers
    message_id = str(envelope.message_id)
    kept = {name: known[name] for name in (CORRELATION, *_TRACING) if known.get(name) and travels(name, known[name])}
    headers = {CORRELATION: message_id, CAUSATION: message_id, **kept}
    token = _headers.set(headers)
    try:
        yield
    finally:
        _headers.reset(token)
