"""Step 4, what keeps a session of a unit of work from being ended, replaced or used by others.

The listeners are those of all sessions and engines at once: to listen to each for itself costs it more than the
question whether it is one of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from cqrs.errors.transactions import SecondTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.unit_of_work.stack import entered

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import SessionTransaction

    from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork

OF_A_UNIT = "cqrs_of_a_unit_of_work"
"""The execution option of connections that the session of a unit has opened."""

UNIT = "cqrs_unit_of_work"
"""Under it the ``info`` of a session has its unit."""

_NOT_YOURS = (
    "This transaction belongs to a unit of work, which commits it at its end: leave commit to that. What is to be "
    "undone alone goes into a savepoint, `async with session.begin_nested():`; after `async with outbox as session` "
    "call `await outbox.commit(session)`."
)
_USE_ITS_SESSION = (
    "What is written there would be committed by itself, and is not part of this turn. Take the session of the open "
    "transaction (`db.session`, or `unit.session`) in place of the one that your container, sessionmaker or engine "
    "gives; for a transaction beside this one write `async with db.separate_transaction():`."
)


def unit_of(session: Any) -> SqlAlchemyUnitOfWork | None:
    """The unit of work over ``session``, open or not any more, if there is one."""
    unit: SqlAlchemyUnitOfWork | None = session.info.get(UNIT)
    return unit


@event.listens_for(Engine, "begin")
def _no_second_transaction(connection: Connection) -> None:
    units = entered.get()
    if not units or OF_A_UNIT in connection.get_execution_options():
        return
    for unit in units:
        if unit.is_open and getattr(unit.place, "dialect", None) is connection.dialect:
            raise SecondTransaction("Another session or connection begins", unit.database, _USE_ITS_SESSION)


@event.listens_for(Engine, "commit")
def _no_commit_past_the_unit(connection: Connection) -> None:
    unit = _unit_of_connection(connection)
    if unit is not None and unit.is_open:
        raise UnitOfWorkStateError(_NOT_YOURS)


@event.listens_for(Engine, "rollback")
def _rolled_back(connection: Connection) -> None:
    unit = _unit_of_connection(connection)
    if unit is not None:
        connection.info.pop(UNIT, None)
        unit.lost("its connection was rolled back past the unit of work")


def _unit_of_connection(connection: Connection) -> SqlAlchemyUnitOfWork | None:
    if connection.closed or connection.invalidated:
        return None
    reference: Any = connection.info.get(UNIT)
    return None if reference is None else reference()


@event.listens_for(Session, "before_commit")
def _no_commit_of_its_session(session: Session) -> None:
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
    if unit is not None and transaction.nested:
        unit.savepoint_is_undone(transaction)


@event.listens_for(Session, "after_begin")
def _has_begun(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    unit = unit_of(session)
    if unit is None or transaction.nested:
        return
    if not (unit.is_open or unit.is_committing):
        raise TransactionEnded(
            "the session of a unit of work was used after its end",
            "Nothing would commit what is written now. Keep `db.session`, which is always that of the open "
            "transaction, in place of the session of one unit.",
        )
    unit.begins_on(connection)
