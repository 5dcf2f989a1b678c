"""Step 4: runs a block of code in a transaction, for ``async with db.transaction()``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._tasks.blocks import async_block
from cqrs.errors.transactions import SecondTransaction, TransactionEnded
from cqrs.unit_of_work.options import DEFAULT_OPTIONS, TransactionOptions
from cqrs.unit_of_work.stack import entered_units, hidden_units, unit_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cqrs.unit_of_work.database import TransactionalDatabase
    from cqrs.unit_of_work.protocol import UnitOfWork


def must_fit(wanted: TransactionOptions, unit: UnitOfWork, what: str) -> None:
    """Raise ``SecondTransaction`` if ``what``, which joins ``unit``, asks for another kind of transaction."""
    begun_as = getattr(unit, "options", DEFAULT_OPTIONS)
    if not wanted.fits_in(begun_as):
        raise SecondTransaction(
            f"{what} asks for {wanted}",
            f"{unit.database}, begun as {begun_as},",
            "Ask for it on the outermost one too.",
        )


@async_block
async def transaction(database: TransactionalDatabase, options: TransactionOptions) -> AsyncGenerator[Any, None]:
    """Open a savepoint in the open unit of work of ``database``, or a new unit of work, and return the session."""
    unit = unit_in(database.place) if entered_units.get() else None
    if unit is None:
        async with database.unit_of_work(options):
            yield database.session
        return
    if not unit.is_open:
        raise TransactionEnded("the unit of work around this block was committed or rolled back before its end")
    if unit.foreign_to is not None and unit.is_untouched:
        unit.foreign_to = None  # now it is opened explicitly, and may write
    must_fit(options, unit, "This block")
    async with unit.savepoint():
        yield database.session


@async_block
async def separate_transaction(
    database: TransactionalDatabase, options: TransactionOptions, *, one_writes: bool
) -> AsyncGenerator[Any, None]:
    """Open a unit of work that is independent of the open one, which is hidden from the code within.

    ``one_writes``: the database allows one writer at a time.
    """
    place = database.place
    open_one = unit_in(place)
    if one_writes and open_one is not None and getattr(open_one, "is_writing", False) and not options.read_only:
        raise SecondTransaction(
            "A separate transaction was begun",
            database.name,
            "SQLite lets one write at a time, so it would wait for the open one, and that for it: open it before the "
            "first statement of the turn, or write through the open one.",
        )
    with hidden_units(lambda unit: unit.place == place):
        async with database.unit_of_work(options):
            yield database.session
