"""Between steps 6 and 3: the headers that link a message to those it follows from.

Every notification that is put into an outbox or sent by the emitter within one of the blocks below gets these headers.
Headers of the event itself or of a call of ``add`` take precedence.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from cqrs._messages.limits import check_headers, travels
from cqrs._tasks.running import turn_variable
from cqrs.envelope import Envelope  # noqa: TC001  # containers read the annotation
from cqrs.errors.messages import NoEnvelope, UnfitMessage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import ContextVar, Token

CORRELATION, CAUSATION = "correlation-id", "causation-id"
_TRACING = ("traceparent", "tracestate")

_nothing: Mapping[str, str] = {}
_headers: ContextVar[Mapping[str, str]] = turn_variable("cqrs_headers", outside=_nothing)
_envelope: ContextVar[Envelope | None] = turn_variable("cqrs_envelope", outside=None)


def context_headers() -> dict[str, str]:
    """Return the headers for what is sent here; an empty dictionary outside of the blocks."""
    return dict(_headers.get())


def headers_of(name: str, event: Any, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers for ``event``: those ``given`` override its own, and these override those of the block."""
    own = getattr(event, "message_headers", None)
    try:
        return {**context_headers(), **(own or {}), **(given or {})}
    except TypeError as error:
        wrong = own if given is None else given
        problem = f"are a {type(wrong).__name__}"
        raise UnfitMessage(name, "headers", problem, "give a dictionary of texts") from error


def current_envelope() -> Envelope:
    """Return the message that is being consumed here as it arrived: id, key, headers, bytes.

    Containers inject it into handlers that ask for a ``cqrs.Envelope``. Raises ``NoEnvelope`` if no message is being
    consumed.
    """
    envelope = _envelope.get()
    if envelope is None:
        raise NoEnvelope
    return envelope


def envelope_if_any() -> Envelope | None:
    """Return the message that is being consumed here, or ``None``."""
    return _envelope.get()


class Block:
    """A ``with`` block that sets headers and envelope.

    It is not made from a generator, because ``contextlib`` sets attributes of the error that leaves the block.
    """

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
    """Add ``headers`` to all that is sent within the block, and keep those of the blocks around it.

    Use it at the edge of an application to pass on the correlation id of a call:
    ``with carrying({"correlation-id": ...}):``. Raises ``UnfitMessage`` for a header that no message can have.
    """
    check_headers(headers)
    return Block({**_headers.get(), **headers}, _envelope.get())


def consuming(envelope: Envelope) -> Block:
    """Link all that is sent within the block to ``envelope``, and make it the current one. A ``Consumer`` does this.

    Its id becomes the causation id. Its correlation id is passed on; if it has none, its id becomes the correlation
    id. Its trace context is passed on if it has one. Other headers, of it or of blocks around, are not. A header that
    no message of this package can have, such as an id of a thousand letters, is left out.
    """
    known = envelope.headers
    message_id = str(envelope.message_id)
    kept = {name: known[name] for name in (CORRELATION, *_TRACING) if known.get(name) and travels(name, known[name])}
    return Block({CORRELATION: message_id, CAUSATION: message_id, **kept}, envelope)


def caused_by(event: Any) -> Block | None:
    """Return the block for a mediator that is given ``event`` from outside without its envelope.

    The id of the event becomes the causation id, and the correlation id unless one is set. Returns ``None`` if the
    envelope is known, or if the event has no id.
    """
    event_id = getattr(event, "event_id", None)
    if _envelope.get() is not None or not isinstance(event_id, uuid.UUID):
        return None
    return Block({CORRELATION: str(event_id), **_headers.get(), CAUSATION: str(event_id)}, None)
