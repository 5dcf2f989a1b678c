"""The inbox and the units of work of a consumer, and checks that they belong together."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from cqrs._arguments import DATABASE, INBOX, check, check_function
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.unit_of_work.protocol import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.inbox.database import InboxDatabase
    from cqrs.inbox.repository import InboxRepository

    OpenUnit = Callable[[], UnitOfWork | Awaitable[UnitOfWork]]

_BOTH = "give database=, or both inbox= and unit_of_work="


def transactions_of(
    database: InboxDatabase | None, inbox: InboxRepository | None, unit_of_work: OpenUnit | None
) -> tuple[InboxRepository, OpenUnit]:
    """The inbox, and the function that makes units of work. Raises ``InvalidArgument`` or ``WiringError``."""
    if database is not None:
        check("database", database, DATABASE)
        if inbox is not None:
            raise InvalidArgument("inbox", inbox, _BOTH)
        if unit_of_work is not None:
            raise InvalidArgument("unit_of_work", unit_of_work, _BOTH)
        return database.inbox, database.unit_of_work
    if inbox is None or unit_of_work is None:
        raise InvalidArgument("database", None, _BOTH)
    check("inbox", inbox, INBOX)
    # A unit of work instead of a function would serve all batches, and the error of each call would seem an outage.
    check_function("unit_of_work", unit_of_work, 0, "a function without arguments that makes one")
    if isinstance(getattr(unit_of_work, "class_", None), type):
        raise InvalidArgument(
            "unit_of_work", unit_of_work, "it makes sessions: give a function that makes a unit of work"
        )
    return inbox, unit_of_work


async def make_unit(unit_of_work: OpenUnit, consumer: str) -> UnitOfWork:
    """A new unit of work. Raises ``UnitOfWorkStateError``, with the error of the function as its cause, if it fails."""
    try:
        made: Any = unit_of_work()
        unit = await made if inspect.isawaitable(made) else made
    except Exception as error:
        raise UnitOfWorkStateError(
            f"The unit_of_work of the consumer {consumer!r} fails ({type(error).__qualname__}: {error}). It is "
            "called outside of every request scope: give one that needs none, or database=db."
        ) from error
    if not isinstance(unit, UnitOfWork):
        raise UnitOfWorkStateError(
            f"The unit_of_work of {consumer!r} made an object of type {type(unit).__qualname__}, not a UnitOfWork."
        )
    return unit


def check_same_database(mediator: Any, inbox: InboxRepository) -> None:
    """Raise ``WiringError`` for a mediator whose notifications would not be committed with the marks in ``inbox``."""
    outbox = getattr(mediator, "outbox", None)
    if outbox is not None and None not in {outbox.place, inbox.place} and outbox.place != inbox.place:
        raise WiringError(
            [
                WiringProblem(
                    "the mediator of a Consumer",
                    f"its outbox is in {outbox.database}, and the inbox is in another database: the marks could be "
                    "committed without the messages, or the messages without the marks",
                    "Build both with the same database=db",
                )
            ]
        )
    if getattr(mediator, "sends_without_outbox", False):
        raise WiringError(
            [
                WiringProblem(
                    "the mediator of a Consumer",
                    "it has a message_broker and no outbox: a crash between the commit and the sending loses its "
                    "messages, and they never come again, for the batch counts as handled",
                    "Build it with database=db, and send with an OutboxRelay(db.outbox, broker)",
                )
            ]
        )
