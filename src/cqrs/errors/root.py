"""The root of every error of this package, and the error for an argument."""

from __future__ import annotations

from cqrs.errors.carrying import Portable


class CQRSError(Portable, Exception):
    """The root: ``except CQRSError`` catches whatever this package raises on its own account.

    Each survives ``pickle``, ``copy`` and the way to another process, with its text, attributes, notes and cause; what
    cannot be carried there arrives as its text.
    """


class InvalidArgument(CQRSError, ValueError, TypeError):
    """Nothing can work with what was given: ``argument`` is its name, ``value`` what it was, ``remedy`` what to give.

    Nothing has been done yet.
    """

    def __init__(self, argument: str, value: object, remedy: str) -> None:
        self.argument = argument
        self.value = value
        self.remedy = remedy
        super().__init__(f"{argument}={value!r}: {remedy}.")
