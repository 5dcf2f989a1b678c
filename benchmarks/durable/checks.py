"""Counts that must be right: a figure for work that was not done is no figure."""

from __future__ import annotations


class WrongCount(Exception):
    """A side has not done the work that its figure is for."""


def must_be(what: str, found: object, expected: object) -> None:
    """Raise :class:`WrongCount` if ``found`` differs from ``expected``."""
    if found != expected:
        raise WrongCount(f"{what}: {found}, and it must be {expected}")
