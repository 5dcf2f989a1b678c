"""Detects transactions that the database has undone, or will undo, without an error at the commit.

After a statement has failed in PostgreSQL, a COMMIT is answered as if it had worked, and is a ROLLBACK. MariaDB undoes
the transaction that loses in a deadlock, and SQLite one that has no room left: what comes after that is in a new one.
Drivers do not check it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, UnboundExecutionError

from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs.errors.driver_codes import Meaning, meaning_of
from cqrs.errors.transactions import UnitOfWorkStateError

if TYPE_CHECKING:
    from sqlalchemy import ExceptionContext
    from sqlalchemy.engine import Dialect
    from sqlalchemy.ext.asyncio import AsyncSession

_failures: WeakKeyDictionary[Dialect, int] = WeakKeyDictionary()
_undone: WeakKeyDictionary[Any, BaseException] = WeakKeyDictionary()  # transactions of connections, and why

_UNDOES = Meaning.UNDONE | Meaning.UNDONE_IF_CONFIGURED


def failures_before(session: AsyncSession) -> int:
    """How many statements have failed so far in all sessions over the engine of ``session``."""
    dialect = _dialect(session)
    if dialect is None:
        return 0
    if dialect not in _failures:
        _failures[dialect] = 0
        event.listen(dialect, "handle_error", _count)
    return _failures[dialect]


async def must_not_have_failed(session: AsyncSession, failures: int) -> None:
    """Raise ``UnitOfWorkStateError`` if the transaction of ``session`` cannot be committed, or not whole.

    It costs a statement if one has failed, in any session, since :func:`failures_before` has returned ``failures``.
    """
    dialect = _dialect(session)
    if dialect is None or _failures.get(dialect, 0) == failures or not session.in_transaction():
        return
    error = await (_refused(session) if capabilities_of(dialect).dooms_transactions else _lost(session))
    if error is not None:
        raise UnitOfWorkStateError(
            "A statement of this unit of work has failed, so the database undoes all of it: let the error leave the "
            "unit of work. On PostgreSQL you can put a savepoint() of it around what may fail."
        ) from error


async def _refused(session: AsyncSession) -> BaseException | None:
    try:
        await session.execute(text("SELECT 1"))
    except DBAPIError as error:
        if Meaning.DOOMED not in meaning_of(error):
            raise
        return error
    return None


async def _lost(session: AsyncSession) -> BaseException | None:
    connection = (await session.connection()).sync_connection
    transaction = None if connection is None else connection.get_transaction()
    error = None if transaction is None else _undone.get(transaction)
    if error is not None and Meaning.UNDONE_IF_CONFIGURED in meaning_of(error):
        return error if await session.scalar(text("SELECT @@innodb_rollback_on_timeout")) else None
    return error


def _dialect(session: AsyncSession) -> Dialect | None:
    try:
        return session.get_bind().dialect
    except UnboundExecutionError:  # it has several engines
        return None


def _count(context: ExceptionContext) -> Any:
    if context.dialect not in _failures:
        return
    _failures[context.dialect] += 1
    transaction = context.connection.get_transaction() if context.connection is not None else None
    error = context.original_exception
    if transaction is not None and _undoes(context, error):
        _undone.setdefault(transaction, copy.copy(error))  # without the frames, which know the transaction


def _undoes(context: ExceptionContext, error: BaseException) -> bool:
    if context.connection is None or not _UNDOES & meaning_of(error):
        return False
    driver: Any = context.connection.connection.driver_connection
    return not getattr(driver, "in_transaction", False)  # SQLite undoes it in some cases only, and its driver knows
