"""Detects a forgotten ``await`` in a handler: a coroutine that it returns would never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cqrs.errors.requests import NotAwaited

if TYPE_CHECKING:
    from types import CoroutineType


def raise_not_awaited(answer: CoroutineType[Any, Any, Any], message: object) -> NoReturn:
    """Raise ``NotAwaited`` for ``answer``, which a handler has returned for ``message``."""
    answer.close()  # else Python would warn about it, too
    raise NotAwaited(type(message), answer.__class__)
