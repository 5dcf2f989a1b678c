"""Texts of others in log lines and errors: no line breaks, no halves of characters, and no more than is of use."""

from __future__ import annotations

_LONGEST = 200


def shown(text: str) -> str:
    """``text`` for people, on one line. What cannot be printed is escaped, so that nobody writes lines into a log."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
    return short if short.isprintable() else repr(short)[1:-1]
