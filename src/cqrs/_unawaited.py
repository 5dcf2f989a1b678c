"""A forgotten await in a handler: the coroutine that it returns would be run by nobody.

A task or a future runs all the same, and may be an answer.
"""

from __future__ import annotations

from types import CoroutineType
from typing import Any

from cqrs.errors.requests import NotAwaited

UNAWAITED: type[Any] = CoroutineType
"""The class of such answers; a look at it is all that others pay."""


def refuse(answer: Any, message: object) -> None:
    """Raise ``NotAwaited`` for the ``answer`` of a handler to ``message``."""
    answer.close()  # or Python would warn of it as well
    raise NotAwaited(type(message), answer.__class__)
