"""Foreign texts in log lines, errors and tables: printable or storable everywhere, and no longer than is of use."""

from __future__ import annotations

_LONGEST = 200
_LONGEST_STORED = 2_000


def shown(text: str) -> str:
    """``text`` for people, on one line. What cannot be printed is escaped, so that nobody writes lines into a log."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
    return short if short.isprintable() else repr(short)[1:-1]


def storable(error: BaseException | str) -> str:
    """The text of ``error``, with its class, such that every database can store it: at most 2,000 characters, no NUL.

    It may quote a message. An error whose text cannot be had, because its ``__str__`` raises, is stored with the
    reason, so that it does not hold up other messages.
    """
    text = (error if isinstance(error, str) else _with_class(error)).replace("\0", "\\0")
    return text[:_LONGEST_STORED].encode(errors="replace").decode()


def _with_class(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as raised:  # noqa: BLE001
        text = f"its text cannot be read, {type(raised).__name__}"
    return f"{type(error).__name__}: {text}"
