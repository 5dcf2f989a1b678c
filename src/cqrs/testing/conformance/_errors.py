"""The error that the suites raise deliberately."""

from __future__ import annotations


class Deliberate(Exception):
    """Stands for an error in the code of a user."""
