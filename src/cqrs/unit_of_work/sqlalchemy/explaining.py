"""Step 4: explains what an error of the database means for the transaction, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, MissingGreenlet, NotSupportedError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from cqrs._tasks.blocks import add_note
from cqrs.errors.chain import cause, chain
from cqrs.errors.driver_codes import Meaning, meaning_of
from cqrs.errors.transactions import ConcurrencyError, TransactionEnded

if TYPE_CHECKING:
    from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork

_OF_THE_DATABASE = (DBAPIError, StaleDataError, PendingRollbackError, PoolTimeout, MissingGreenlet)
ONLY_READS = "was begun to read only: take read_only=True from its `@transaction_options` or its block."

_NOTES: tuple[tuple[type[BaseException] | Meaning, str], ...] = (
    (
        PoolTimeout,
        (
            "Every connection of the pool for {database} is in use. A turn holds one from its first statement to its "
            "commit: make turns shorter, or raise pool_size and max_overflow of create_async_engine()."
        ),
    ),
    (
        MissingGreenlet,
        (
            "An object was read that has to be loaded again: the part of the turn that changed it was undone, or the "
            "transaction is over. Await session.refresh(it) before, or keep what you need of it."
        ),
    ),
    (
        Meaning.TOO_LONG,
        (
            "{database} has ended a statement that took too long: raise its limit (statement_timeout on PostgreSQL, "
            "max_statement_time on MariaDB), or make the statement faster."
        ),
    ),
    (
        Meaning.READ_ONLY,
        f"A transaction of {{database}} {ONLY_READS}",
    ),
    (
        Meaning.LOCKED,
        (
            "Another connection holds the write lock of {database}. If it belongs to this turn (a second engine over "
            "the same file, or a connection of your own), the turn waits for itself: use the session of the open "
            "transaction. "
            "If it belongs to another turn that takes long, raise `timeout` in connect_args."
        ),
    ),
)


def explained(error: BaseException, unit: SqlAlchemyUnitOfWork) -> BaseException:
    """Return the error to raise in place of ``error``, which ends ``unit``: usually ``error`` itself, with a note."""
    cause = _cause(error)
    if cause is error and (isinstance(cause, StaleDataError) or _is_lost(cause)):
        return ConcurrencyError()
    if cause is error and isinstance(cause, PendingRollbackError):
        failure = unit.last_failure
        what = "was interrupted or has failed" if failure is None else f"has failed with {type(failure).__qualname__}"
        return TransactionEnded(
            f"a statement of it {what}, and its error was caught",
            "The connection is given up and everything is undone: let such an error leave the transaction, also the "
            "TimeoutError of asyncio.timeout().",
        )
    note = _note(cause, unit)
    if note is not None and note not in getattr(error, "__notes__", ()):
        add_note(error, note)
    return error


def _note(error: BaseException, unit: SqlAlchemyUnitOfWork) -> str | None:
    meaning = meaning_of(error)
    for known, note in _NOTES:
        if isinstance(error, known) if isinstance(known, type) else known in meaning:
            return note.format(database=unit.database)
    return None


def is_lost_to_another(error: BaseException) -> bool:
    """Whether the database has undone the whole transaction because of another transaction."""
    return _is_lost(_cause(error))


def _is_lost(error: BaseException) -> bool:
    # This is raised if a migration has changed a type that a prepared statement of this connection returns. There is no
    # specific code for it. The drivers prepare the statement anew when the transaction is repeated.
    outdated = isinstance(error, NotSupportedError) and "cached" in str(error)
    return outdated or Meaning.LOST in meaning_of(error)


def _cause(error: BaseException) -> BaseException:
    """Return the first error of the database in the chain of causes of ``error``, or ``error`` if there is none."""
    return next((one for one in chain(error, cause) if isinstance(one, _OF_THE_DATABASE)), error)
