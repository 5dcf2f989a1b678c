"""The base class of all errors of this package, and the error for an argument."""

from __future__ import annotations

import re
from typing import Any

from cqrs.errors.carrying import Portable


class CQRSError(Portable, Exception):
    """The base class of all errors that this package raises.

    Each survives ``pickle``, ``copy`` and the way to another process, with its text, attributes, notes and cause. A
    part that cannot be pickled arrives as its text.
    """


class InvalidArgument(CQRSError, ValueError, TypeError):
    """An argument that cannot be used: ``argument`` is its name, ``value`` what was given, ``remedy`` what to give.

    Nothing has been done yet. User and password of an address are neither in ``value`` nor in the text.
    """

    def __init__(self, argument: str, value: Any, remedy: str) -> None:
        self.argument = argument
        self.value = _without_secrets_of(value)
        self.remedy = remedy
        super().__init__(f"{argument}={shown(value)}: {remedy}.")


def _without_secrets_of(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    return shown(value) if _USER_AND_PASSWORD.search(repr(value)) else value  # such as a list of addresses


def without_secrets(text: str) -> str:
    """``text`` without user and password of the addresses in it."""
    return _USER_AND_PASSWORD.sub("://***@", text)


def shown(value: object) -> str:
    """The ``repr`` of ``value``, shortened, and without user and password of the addresses in it."""
    text = without_secrets(repr(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_USER_AND_PASSWORD = re.compile(r"://[^\s'\"]*@")
_LONGEST = 300
