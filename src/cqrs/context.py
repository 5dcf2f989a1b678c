"""Between steps 6 and 3, what a message says about where it comes from: headers for all that is sent here.

They go onto every notification that is put into an outbox, or sent by the emitter, within one of the blocks below.
What an event or a call of ``add`` says itself counts before them.
"""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cqrs._messages.limits import check_headers, travels
from cqrs._tasks.running import of_a_turn
from cqrs.envelope import Envelope  # noqa: TC001  # containers read the annotation
from cqrs.errors.messages import NoEnvelope, UnfitMessage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token

CORRELATION, CAUSATION = "correlation-id", "causation-id"
_TRACING = ("traceparent", "tracestate")

_nothing: Mapping[str, str] = {}
_headers: ContextVar[Mapping[str, str]] = of_a_turn(ContextVar("cqrs_headers", default=_nothing), _nothing)
_envelope: ContextVar[Envelope | None] = of_a_turn(ContextVar("cqrs_envelope", default=None), None)


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


def current_envelope() -> Envelope:
    """The message that is being consumed here, as it came: id, key, headers, bytes.

    Handlers that ask for a ``cqrs.Envelope`` are given this. Raises ``NoEnvelope`` where none is being consumed.
    """
    envelope = _envelope.get()
    if envelope is None:
        raise NoEnvelope
    return envelope


def envelope_if_any() -> Envelope | None:
    """The message that is being consumed here, if one is."""
    return _envelope.get()


class Block:
    """A ``with`` block. It is no generator: ``contextlib`` sets attributes of the error that leaves one."""

    __slots__ = ("_envelope", "_headers", "_tokens")

    def __init__(self, headers: Mapping[str, str], envelope: Envelope | None) -> None:
        self._headers = headers
        self._envelope = envelope
        self._tokens: tuple[Token[Any], Token[Any]] | None = None

    def __enter__(self) -> None:
        self._tokens = _headers.set(self._headers), _envelope.set(self._envelope)

    def __exit__(self, *_: object) -> None:
        assert self._tokens is not None  # noqa: S101  # it was entered
        _headers.reset(self._tokens[0])
        _envelope.reset(self._tokens[1])


def carrying(headers: Mapping[str, str]) -> Block:
    """Put ``headers`` on all that is sent within, beside those of the blocks around it.

    So the edge of an application hands on the correlation id of a call: ``with carrying({"correlation-id": ...}):``.
    Raises ``UnfitMessage`` for a header that no message can have.
    """
    check_headers(headers)
    return Block({**_headers.get(), **headers}, _envelope.get())


def consuming(envelope: Envelope) -> Block:
    """All that is sent within follows from ``envelope``, and its handlers are given it. A ``Consumer`` does this.

    Its id becomes the causation id. Its correlation id is handed on; if it has none, its own id begins one. Where it
    came with a trace context, that is handed on, too. Nothing else is taken over, from it or from blocks around.
    What it came with and no message of ours can have, such as an id of a thousand letters, is left out.
    """
    known = envelope.headers
    message_id = str(envelope.message_id)
    kept = {name: known[name] for name in (CORRELATION, *_TRACING) if known.get(name) and travels(name, known[name])}
    return Block({CORRELATION: message_id, CAUSATION: message_id, **kept}, envelope)


def caused_by(event: Any) -> Block | None:
    """The block for a mediator that is given ``event``, a message, by somebody who did not tell its envelope.

    Its id is the causation id, and begins a correlation where none is known. ``None`` if its envelope is known, or if
    the event has no id.
    """
    event_id = getattr(event, "event_id", None)
    if _envelope.get() is not None or not isinstance(event_id, uuid.UUID):
        return None
    return Block({CORRELATION: str(event_id), **_headers.get(), CAUSATION: str(event_id)}, None)
