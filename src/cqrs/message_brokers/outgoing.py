"""The headers that brokers send with a message, checked in the same way for all brokers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.errors.messages import MessageRejected

if TYPE_CHECKING:
    from cqrs.envelope import Envelope


def headers_of(envelope: Envelope, broker: str) -> dict[str, str]:
    """The headers of ``envelope``. Raises ``MessageRejected``, which names the header, for a value that is no text.

    That is ``None``, a number or a bool, and a text with a lone surrogate, which UTF-8 cannot encode. Some brokers
    would accept such a value, and others would delay all later messages because of it. The topic must be such a text
    too, and the body must be bytes.
    """
    try:
        headers = envelope.to_headers()
    except Exception as error:
        raise MessageRejected(broker, envelope.message_id, error) from error
    if not isinstance(envelope.body, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]  # a stored row may have anything
        raise MessageRejected(broker, envelope.message_id, f"its body is a {type(envelope.body).__name__}, not bytes")
    if _is_ascii([*headers, *headers.values(), envelope.topic]):
        return headers
    for name, value in [*headers.items(), ("topic", envelope.topic)]:
        problem = _problem(name, value)
        if problem is not None:
            raise MessageRejected(broker, envelope.message_id, problem)
    return headers


def _problem(name: Any, value: Any) -> str | None:
    if not isinstance(name, str) or not isinstance(value, str):
        return f"the header {name!r} is a {type(value).__name__}, and a header must be a text: convert it with str()"
    if (name.isascii() and value.isascii()) or _is_unicode(name + value):
        return None
    return f"the header {name!a} holds a lone surrogate, which UTF-8 cannot hold"


def _is_ascii(texts: list[Any]) -> bool:
    """Whether all ``texts`` are ASCII: the usual case, and the fastest check."""
    try:
        return "".join(texts).isascii()
    except TypeError:
        return False


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
