"""The root of every error of this package, and the error for an argument."""

from __future__ import annotations

import re
from typing import Any

from cqrs.errors.carrying import Portable


class CQRSError(Portable, Exception):
    """The root: ``except CQRSError`` catches whatever this package raises on its own account.

    Each survives ``pickle``, ``copy`` and the way to another process, with its text, attributes, notes and cause; what
    cannot be carried there arrives as its text.
    """


class InvalidArgument(CQRSError, ValueError, TypeError):
    """Nothing can work with what was given: ``argument`` is its name, ``value`` what it was, ``remedy`` what to give.

    Nothing has been done yet. Of an address neither ``value`` nor the text has user and password.
    """

    def __init__(self, argument: str, value: Any, remedy: str) -> None:
        self.argument = argument
        self.value = _bare(value)
        self.remedy = remedy
        super().__init__(f"{argument}={shown(value)}: {remedy}.")


def _bare(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    return shown(value) if _WHO.search(repr(value)) else value  # such as a list of addresses


def without_secrets(text: str) -> str:
    """``text``, in which no address has user and password."""
    return _WHO.sub("://***@", text)


def shown(value: object) -> str:
    """``value`` for people: no longer than they read, and an address without user and password."""
    text = without_secrets(repr(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_WHO = re.compile(r"://[^\s'\"]*@")
_LONGEST = 300
