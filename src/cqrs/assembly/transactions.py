"""Assembly: checks the transaction settings of a mediator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs._arguments import DATABASE, what_is_wrong
from cqrs._introspection.generics import type_name
from cqrs.errors.root import shown
from cqrs.errors.wiring import WiringProblem
from cqrs.middlewares.transaction import TransactionMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cqrs.middlewares.base import Middleware
    from cqrs.outbox.database import OutboxDatabase
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.unit_of_work.database import TransactionalDatabase

_OPEN_A_TRANSACTION = (
    "Pass database=db in place of it; or end `middlewares` with a TransactionMiddleware over the same database; or, if "
    "a crash between the commit of a handler and that of its notifications may lose these, pass "
    "separate_outbox_transaction=True"
)


def transaction_problems(
    middlewares: Sequence[Middleware],
    outbox: OutboxedEventRepository | None,
    database: OutboxDatabase | None,
    *,
    separate: bool,
) -> Iterator[WiringProblem]:
    """Yield a problem for each combination of arguments that would silently lose messages or writes."""
    if database is not None and what_is_wrong(database, DATABASE) is not None:
        yield WiringProblem(
            f"database={shown(database)}",
            "it is no database of this package",
            "Pass a cqrs.Database(...) or a MemoryDatabase()",
        )
        return
    yield from _misplaced(middlewares, database)
    if database is not None and outbox is not None and outbox is not database.outbox:
        yield WiringProblem(
            f"outbox={type_name(type(outbox))}", "the database has an outbox of its own", "Leave outbox= out"
        )
    if database is None and outbox is not None:
        transaction = next((m for m in middlewares if isinstance(m, TransactionMiddleware)), None)
        if transaction is None and not separate:
            yield WiringProblem(
                f"outbox={type_name(type(outbox))}",
                "no transaction is open when a turn ends",
                _OPEN_A_TRANSACTION,
            )
        elif transaction is not None and transaction.database is not None:
            yield from _foreign_outbox(outbox, transaction.database)


def _misplaced(middlewares: Sequence[Middleware], database: OutboxDatabase | None) -> Iterator[WiringProblem]:
    places = [place for place, m in enumerate(middlewares) if isinstance(m, TransactionMiddleware)]
    if database is not None and places:
        yield WiringProblem(
            "middlewares: a TransactionMiddleware in addition to database=",
            "each turn would have two transactions",
            "Leave the middleware out: database= puts one innermost",
        )
    elif len(places) > 1:
        yield WiringProblem(
            f"middlewares: {len(places)} TransactionMiddlewares",
            "what one of them commits stays although the other fails",
            "Keep the one of the database that this mediator's handlers write to; write to another one in "
            "`async with other.transaction():`",
        )
    elif places and places[0] < len(middlewares) - 1:
        inside = middlewares[places[0] + 1]
        kind = inside if hasattr(inside, "__qualname__") else type(inside)
        yield WiringProblem(
            f"middlewares: {type_name(kind)} after the TransactionMiddleware",
            "it would run within the transaction, which commits although it has turned an error into a response, or "
            "repeats in a transaction that is undone already",
            "Put the TransactionMiddleware last, or pass database=db",
        )


def _foreign_outbox(outbox: OutboxedEventRepository, database: TransactionalDatabase) -> Iterator[WiringProblem]:
    if outbox.place is not None and outbox.place != database.place:
        yield WiringProblem(
            f"outbox over {outbox.database}",
            f"the transactions are those of {database.name}",
            "Use the outbox of the same database",
        )
