"""The error that the suites raise on purpose."""

from __future__ import annotations


class Deliberate(Exception):
    """Raised on purpose, to see what an error in the code of a user leads to."""
