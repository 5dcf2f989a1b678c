"""Makes texts from elsewhere fit for log lines, errors and tables: printable or storable, and of limited length."""

from __future__ import annotations

_LONGEST = 200
_LONGEST_STORED = 2_000


def shown(text: str) -> str:
    """Return ``text`` on one line, shortened to 200 characters. What is not printable is escaped.

    So a text from elsewhere cannot forge lines of a log.
    """
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
    return short if short.isprintable() else repr(short)[1:-1]


def storable(error: BaseException | str) -> str:
    """Return the class and text of ``error`` so that every database can store it: at most 2,000 characters, no NUL.

    The text may quote a message. If the ``__str__`` of ``error`` raises, the reason is stored in place of the text, so
    that such an error does not hold up other messages.
    """
    text = (error if isinstance(error, str) else _with_class(error)).replace("\0", "\\0")
    return text[:_LONGEST_STORED].encode(errors="replace").decode()


def _with_class(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as raised:  # noqa: BLE001
        text = f"its text cannot be read, {type(raised).__name__}"
    return f"{type(error).__name__}: {text}"
