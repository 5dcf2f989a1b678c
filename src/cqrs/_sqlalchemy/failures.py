"""Transactions that PostgreSQL would undo without a word.

After a statement has failed there, a COMMIT is answered as if it had worked, and is a ROLLBACK. Drivers do not look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, UnboundExecutionError

from cqrs.errors import UnitOfWorkStateError

if TYPE_CHECKING:
    from sqlalchemy import ExceptionContext
    from sqlalchemy.engine import Dialect
    from sqlalchemy.ext.asyncio import AsyncSession

_failures: WeakKeyDictionary[Dialect, int] = WeakKeyDictionary()


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
    """Raise ``UnitOfWorkStateError`` if the transaction of ``session`` cannot be committed.

    It costs a statement if one has failed, in any session, since :func:`failures_before` has returned ``failures``.
    """
    dialect = _dialect(session)
    if dialect is None or _failures.get(dialect, 0) == failures or not session.in_transaction():
        return
    try:
        await session.execute(text("SELECT 1"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "25P02":
            raise
        raise UnitOfWorkStateError(
            "A statement of this unit of work has failed, so PostgreSQL undoes all of it: let the error leave the unit "
            "of work, or put a savepoint() of it around what may fail."
        ) from error


def _dialect(session: AsyncSession) -> Dialect | None:
    try:
        dialect = session.get_bind().dialect
    except UnboundExecutionError:  # it has several engines
        return None
    return dialect if dialect.name == "postgresql" else None


def _count(context: ExceptionContext) -> Any:
    if context.dialect in _failures:
        _failures[context.dialect] += 1
