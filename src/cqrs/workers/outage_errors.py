"""Whether an error is an outage, which has nothing to do with the message that was handled."""

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
    """Whether ``error``, or an error that it was raised from, is an outage and not a fault of the handled message.

    An outage is a broker, a database or another service that is away or overloaded, and a transaction that has lost
    against another one. No driver is imported: their errors are recognised by their codes. A group of errors is an
    outage if each of its errors is; those that were cancelled because of the others do not count.
    """
    return _has_outage(error, set())


def _has_outage(error: BaseException, seen: set[int]) -> bool:
    return any(_is_outage(one) or _is_group_of_outages(one, seen) for one in chain(error, _cause_and_origin, seen))


def _is_group_of_outages(group: BaseException, seen: set[int]) -> bool:
    if not isinstance(group, BaseExceptionGroup):
        return False
    of_group = cast("BaseExceptionGroup[BaseException]", group)
    failed = [one for one in of_group.exceptions if not isinstance(one, asyncio.CancelledError)]
    return bool(failed) and all(_has_outage(one, set(seen)) for one in failed)


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
