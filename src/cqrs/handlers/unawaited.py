"""A forgotten await in a handler: the coroutine that it returns would be run by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cqrs.errors.requests import NotAwaited

if TYPE_CHECKING:
    from types import CoroutineType


def refuse(answer: CoroutineType[Any, Any, Any], message: object) -> NoReturn:
    """Raise ``NotAwaited`` for the ``answer`` of a handler to ``message``."""
    answer.close()  # or Python would warn of it as well
    raise NotAwaited(type(message), answer.__class__)
