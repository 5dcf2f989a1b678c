"""Step 4: limits that every database and broker can keep, checked when a message is published.

Messages that are stored already or arrive from elsewhere are not checked against them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cqrs._messages.unfinite import json_unfinite, unfinite
from cqrs.envelope import UNREADABLE, WIRE_HEADERS
from cqrs.errors.messages import UnfitMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqrs.envelope import Envelope

LONGEST_TEXT = 255
"""Bytes of a topic, a name or the name of a header, and characters of a key: the size of columns and AMQP strings."""

MOST_HEADERS = 16_384
"""Bytes of all headers, plus 4 for each: a quarter of a TEXT of MariaDB, as JSON may write a letter as six bytes."""

LARGEST_BODY = 8_000_000
"""Bytes of a body as it is stored. A packet of MariaDB has 16 MiB, and each byte may be written as two."""

_LONGEST_CONTENT_TYPE = 100
_OURS = WIRE_HEADERS | {UNREADABLE}

# Nearly all messages match these, and need no closer check.
_plain_name = re.compile(r"[!-9;-~]{1,255}").fullmatch
_plain_value = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?").fullmatch
_unprintable = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]").search


def sendable(envelope: Envelope) -> Envelope:
    """Return ``envelope``. Raises ``UnfitMessage`` if some database or broker of this package could not carry it.

    The size of its body is not checked, because that limit depends on the broker.
    """
    name, key, content_type = envelope.name, envelope.key, envelope.content_type
    try:
        texts = "".join((name, envelope.topic, content_type, "" if key is None else key))
        plain = len(texts) <= LONGEST_TEXT and len(content_type) <= _LONGEST_CONTENT_TYPE
        plain = plain and texts.isascii() and texts.isprintable() and bool(name and envelope.topic)
    except TypeError:
        plain = False
    if not plain:
        _check_texts(envelope)
    size = 0
    for header, value in envelope.headers.items():
        try:
            plain = bool(_plain_name(header) and _plain_value(value)) and header not in _OURS
        except TypeError:
            plain = False
        size += 4 + (len(header) + len(value) if plain else _check_header(name, header, value))
    if size > MOST_HEADERS:
        raise UnfitMessage(
            *(name, "headers", f"are {size:,} bytes, and {MOST_HEADERS:,} fit everywhere"),
            "send less in headers, and more in the body",
        )
    body = envelope.body
    if (b"NaN" in body or b"Infinity" in body) and envelope.content_encoding is None:
        found = json_unfinite(body, content_type)
        if found is not None:
            refuse_unfinite(name, *found)
    return envelope


def storable(name: str, body: bytes) -> None:
    """Raise ``UnfitMessage`` if ``body``, in the form in which it is stored, is too large for some database."""
    if len(body) > LARGEST_BODY:
        raise UnfitMessage(
            *(name, "body", f"is {len(body):,} bytes as it is stored, and {LARGEST_BODY:,} fit every database"),
            "put what is large where files are kept, and send its address; or give the outbox a compressor",
        )


def refuse_unfinite(name: str, path: str, value: object) -> None:
    """Raise ``UnfitMessage`` for NaN or infinity at ``path`` in the body."""
    raise UnfitMessage(name, path, f"is {value}, and JSON has no such number", "send None in its place, or a text")


def refuse_hidden(name: str, values: Any) -> None:
    """Raise ``UnfitMessage`` for NaN or infinity in ``values``, which a model would write as ``null``."""
    found = unfinite(values)
    if found is not None:
        refuse_unfinite(name, *found)


def travels(header: object, value: object) -> bool:
    """Whether a message of this package can have this header."""
    try:
        return _check_header("", header, value) <= MOST_HEADERS // 4
    except UnfitMessage:
        return False


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise ``UnfitMessage`` if no message can have one of ``headers``."""
    for header, value in headers.items():
        _check_header("", header, value)


def _check_texts(envelope: Envelope) -> None:
    name = str(envelope.name)
    for part in ("name", "topic", "key", "content_type"):
        text: Any = getattr(envelope, part)
        if part == "key" and text is None:
            continue
        size = _bytes(name, part, text)
        if not size and part in {"name", "topic"}:
            raise UnfitMessage(
                name, part, "is empty", "say how it is called, and where it goes: @cqrs.event_type does both"
            )
        longest, unit = LONGEST_TEXT, "bytes in UTF-8"
        if part == "key":
            size, unit = len(text), "characters"
        elif part == "content_type":
            longest = _LONGEST_CONTENT_TYPE
        if size > longest:
            remedy = "shorten it; of a long key a hash will do" if part == "key" else "shorten it"
            raise UnfitMessage(name, part, f"is {size:,} {unit}, and {longest} fit everywhere", remedy)


def _check_header(name: str, header: Any, value: Any) -> int:
    """Return the size of this header in bytes. Raises ``UnfitMessage`` if no message can have it."""
    if not isinstance(header, str):
        raise UnfitMessage(name, "headers", f"has {header!r} among its names", "name headers by texts")
    part = f"headers[{header[:LONGEST_TEXT]!r}]"
    if header in _OURS:
        remedy = "give a key as key=, an id as dedup_id=, and leave the others to the event and the serializer"
        raise UnfitMessage(name, part, "has a name that this package uses itself", remedy)
    if not _plain_name(header):
        problem = f"has a name that brokers cannot carry; it takes 1 to {LONGEST_TEXT} printable letters of ASCII"
        raise UnfitMessage(name, part, problem, "name it without spaces and colons")
    size = _bytes(name, part, value)
    if value != value.strip():
        raise UnfitMessage(name, part, "begins or ends with a space, which brokers cut off", "strip it")
    return len(header) + size


def _bytes(name: str, part: str, text: Any) -> int:
    """Return the length of ``text`` in UTF-8. Raises ``UnfitMessage``, which does not quote it: it may be a secret."""
    if not isinstance(text, str):
        found = repr(text) if text is None or isinstance(text, bool | int | float) else f"a {type(text).__name__}"
        remedy = "leave it out, or say what it is" if text is None else "write str(...) around it"
        if isinstance(text, bytes | bytearray):
            remedy = "decode it"
        raise UnfitMessage(name, part, f"is {found}, and not a text", remedy)
    control = _unprintable(text)
    if control is not None:
        problem = f"has the control character {control[0]!r} at {control.start()}"
        raise UnfitMessage(name, part, problem, "replace it, or encode the text, as with urllib.parse.quote")
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        problem = f"has half a character, {text[error.start]!r}, at {error.start}"
        raise UnfitMessage(name, part, problem, "decode its bytes with errors='replace'") from None
