"""What an error says about a message, and what it says about the world."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from cqrs.errors.chain import chain
from cqrs.errors.databases import MigrationNeeded
from cqrs.errors.driver_codes import Meaning, meaning_of
from cqrs.errors.messages import BrokerUnavailable, InboxConflict
from cqrs.errors.requests import CircuitOpenError

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_FILES = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


def is_outage(error: BaseException) -> bool:
    """Whether ``error``, or what it was raised from, says nothing about the message that was handled.

    That is a broker, a database or another service that is away or overloaded, and a transaction that has lost against
    another one. What it is depends on no driver: they are told by what their errors carry. A group of errors is one if
    each of its errors is; those that were cancelled because of the others do not count.
    """
    return _tells(error, set())


def _tells(error: BaseException, seen: set[int]) -> bool:
    return any(_is_outage(one) or _all_tell(one, seen) for one in chain(error, _cause_and_origin, seen))


def _all_tell(group: BaseException, seen: set[int]) -> bool:
    if not isinstance(group, BaseExceptionGroup):
        return False
    of_group = cast("BaseExceptionGroup[BaseException]", group)
    failed = [one for one in of_group.exceptions if not isinstance(one, asyncio.CancelledError)]
    return bool(failed) and all(_tells(one, set(seen)) for one in failed)


def _cause_and_origin(error: BaseException) -> Iterable[object]:
    return error.__cause__, getattr(error, "orig", None)  # the latter is what SQLAlchemy wraps


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, (BrokerUnavailable, CircuitOpenError, InboxConflict, MigrationNeeded)):
        return True
    if isinstance(error, OSError):  # ConnectionError and TimeoutError among them
        return not isinstance(error, _OF_FILES)
    if getattr(error, "connection_invalidated", False):
        return True
    if type(error).__module__ == "sqlalchemy.exc" and type(error).__name__ == "TimeoutError":  # of the pool
        return True
    return Meaning.OUTAGE in meaning_of(error)
