"""Step 4: guards that keep other code from ending, replacing or bypassing the session of a unit of work.

The listeners are registered for all sessions and engines: that costs less than registering them for each session of a
unit of work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import Session, object_mapper

from cqrs._sqlalchemy.driver import OF_A_UNIT, REFUSED, refused
from cqrs.errors.transactions import SecondTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.unit_of_work.sqlalchemy.place import Place
from cqrs.unit_of_work.stack import entered_units

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import SessionTransaction

    from cqrs.unit_of_work.protocol import UnitOfWork
    from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork

UNIT = "cqrs_unit_of_work"
"""The key of the unit of work in the ``info`` of its session."""

_NOT_YOURS = (
    "This transaction belongs to a unit of work, which commits it at its end: leave commit to that. What is to be "
    "undone alone goes into a savepoint, `async with session.begin_nested():`; after `async with outbox as session` "
    "call `await outbox.commit(session)`."
)
_KEEP_THE_OTHER = (
    "Nothing would commit what is written now. Keep `db.session`, which is always that of the open transaction, in "
    "place of the session of one unit; for what is done later open `async with db.transaction():` there."
)
_USE_ITS_SESSION = (
    "What is done there is not part of this turn: it would be committed by itself, or lost. Take the session of the "
    "open transaction (`db.session`, or `unit.session`) in place of the one that your container, sessionmaker or "
    "engine gives; for an independent transaction write `async with db.separate_transaction():`."
)


def unit_of(session: Any) -> SqlAlchemyUnitOfWork | None:
    """Return the unit of work of ``session``, even if it is not open any more, or ``None``."""
    unit: SqlAlchemyUnitOfWork | None = session.info.get(UNIT)
    return unit


@event.listens_for(Engine, "before_cursor_execute")
def _refuse_statement_elsewhere(connection: Connection, *_: Any) -> None:
    units, options = entered_units.get(), connection.get_execution_options()
    if REFUSED in options:
        raise options[REFUSED]
    if not units or OF_A_UNIT in options or not connection.in_transaction():
        return  # without a transaction it is SQLAlchemy, which inspects a new connection
    if unit_on(connection) not in units:
        _refuse_other_session(units, connection.engine, "Another session or connection runs a statement")


@event.listens_for(Session, "before_attach")
def _refuse_object_elsewhere(session: Session, instance: object) -> None:
    units = entered_units.get()
    if not units or unit_of(session) is not None or OF_A_UNIT in session.info:
        return
    if _ended_unit_of(session) is not None:
        raise TransactionEnded("the session of a unit of work was used after its end", _KEEP_THE_OTHER)
    try:
        bind = session.get_bind(object_mapper(instance))
    except UnboundExecutionError:  # the session has no engine: nothing would ever be written
        bind = None
    _refuse_other_session(units, None if bind is None else bind.engine, "An object is added to another session")


def _refuse_other_session(units: tuple[UnitOfWork, ...], engine: Engine | None, what: str) -> None:
    for unit in units:
        if unit.is_open and isinstance(unit.place, Place) and (engine is None or unit.place.is_reached_by(engine)):
            raise SecondTransaction(what, unit.database, _USE_ITS_SESSION)


@event.listens_for(Engine, "commit")
def _refuse_commit_of_connection(connection: Connection) -> None:
    unit = unit_on(connection)
    if unit is not None and unit.is_open:
        raise UnitOfWorkStateError(_NOT_YOURS)
    if unit is not None:
        unit.is_committing = False  # from now on, what a listener of the commit writes would be lost


@event.listens_for(Engine, "rollback")
def _rolled_back(connection: Connection) -> None:
    unit = unit_on(connection)
    if unit is not None:
        connection.info.pop(UNIT, None)
        unit.lost("its connection was rolled back, and not by the unit of work")


def unit_on(connection: Connection) -> SqlAlchemyUnitOfWork | None:
    """Return the unit of work whose transaction began on ``connection``, even if it is not open any more."""
    if connection.closed or connection.invalidated:
        return None
    reference: Any = connection.info.get(UNIT)
    return None if reference is None else reference()


@event.listens_for(Session, "before_commit")
def _refuse_commit_of_session(session: Session) -> None:
    unit = unit_of(session)
    if unit is not None and unit.is_open and not session.in_nested_transaction():
        raise UnitOfWorkStateError(_NOT_YOURS)


@event.listens_for(Session, "after_transaction_create")
def _begins(session: Session, transaction: SessionTransaction) -> None:
    unit = unit_of(session)
    if unit is None:
        return
    if transaction.nested:
        unit.savepoint_begins(transaction)
    elif transaction.parent is None and unit.is_open:
        unit.transaction_begins(transaction)


@event.listens_for(Session, "after_soft_rollback")
def _undone(session: Session, transaction: SessionTransaction) -> None:
    unit = unit_of(session)
    if unit is None:
        return
    unit.note_failure()  # a failed flush undoes the savepoint around it
    if transaction.nested:
        unit.savepoint_is_undone(transaction)


@event.listens_for(Session, "after_begin", insert=True)  # before any statement, which could wait for a lock
def _refuse_after_the_end(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    unit = unit_of(session) or _ended_unit_of(session)
    if unit is None:
        other = unit_on(connection)
        if other is not None and other.is_open and OF_A_UNIT not in session.info:
            raise SecondTransaction("Another session begins on the same connection", other.database, _USE_ITS_SESSION)
        return
    if not (unit.is_open or unit.is_committing):
        raise refused(
            connection, TransactionEnded("the session of a unit of work was used after its end", _KEEP_THE_OTHER)
        )
    if not transaction.nested:
        connection.execution_options(**{OF_A_UNIT: True})


def _ended_unit_of(session: Session) -> Any:
    """Return the ended unit that this code was started in, if ``session`` was passed to it: a task came too late.

    Code that runs after such a unit, and not in a task that was started in it, may use its session again.
    """
    for unit in entered_units.get():
        passed: Any = getattr(getattr(unit, "source", None), "passed_session", None)
        if passed is not None and passed.sync_session is session and not (unit.is_open or unit.is_committing):
            return unit
    return None


@event.listens_for(Session, "after_begin")
def _has_begun(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    unit = unit_of(session)
    if unit is not None and not transaction.nested:
        unit.begins_on(connection)
