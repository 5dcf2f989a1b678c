"""A forgotten await in a handler: what it returns would be done by nobody."""

from __future__ import annotations

import asyncio
from types import CoroutineType
from typing import Any

from cqrs.errors.requests import NotAwaited

UNAWAITED: frozenset[Any] = frozenset({CoroutineType, asyncio.Task, asyncio.Future})
"""The classes of such answers; a look at this set is all that others pay."""


def refuse(answer: Any, message: object) -> None:
    """Raise ``NotAwaited`` for the ``answer`` of a handler to ``message``; nothing is left running."""
    kind: Any = answer.__class__
    if kind is CoroutineType:
        answer.close()  # or Python would warn of it as well
    else:
        answer.cancel()
    raise NotAwaited(type(message), kind)
