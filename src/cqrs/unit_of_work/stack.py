"""Step 4: finds the units of work that the running code is in: one for each database, the last opened innermost."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from cqrs._tasks.blocks import block
from cqrs._tasks.running import turn_variable
from cqrs.errors.transactions import OtherDatabase, TransactionEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import ContextVar

    from cqrs.unit_of_work.protocol import UnitOfWork

entered_units: ContextVar[tuple[UnitOfWork, ...]] = turn_variable("cqrs_units_of_work", outside=())
"""The units whose ``async with`` this code runs in. Some may have been committed or rolled back already."""

any_unit_entered: list[bool] = []
"""Empty until the first unit is opened in this process, so that turns without units only need this check."""


def units_around() -> tuple[UnitOfWork, ...]:
    """Return the units whose ``async with`` has not been left, the innermost last.

    A task that was started in such a block and lives longer is in none of them.
    """
    units = entered_units.get()
    return tuple(unit for unit in units if unit.is_around) if units else ()


def current_unit_of_work() -> UnitOfWork | None:
    """Return the innermost unit of work that this code runs in; ``None`` if there is none, or if it is not open."""
    for unit in reversed(entered_units.get()):
        if unit.is_around:
            return unit if unit.is_open else None
    return None


def unit_in(place: object) -> UnitOfWork | None:
    """Return the innermost unit of the database ``place`` that this code runs in, even if it is not open any more."""
    for unit in reversed(entered_units.get()):
        if unit.is_around and unit.place == place:
            return unit
    return None


class BelongsToDatabase(Protocol):
    """Something whose writes become part of the transactions of one database, such as a repository."""

    @property
    def place(self) -> Any:
        """Identifies the database; ``None`` if any transaction will do."""
        ...

    @property
    def database(self) -> str:
        """The name of the database, for error texts."""
        ...


def unit_for(owner: BelongsToDatabase, wanted: str) -> UnitOfWork | None:
    """Return the open unit of work that a write of ``owner`` becomes part of, or ``None`` outside of all units.

    ``wanted`` names the write in error texts. Raises ``TransactionEnded`` if the unit has ended, and ``OtherDatabase``
    if only units of other databases are open.
    """
    units = units_around()
    if not units:
        return None
    place = owner.place
    unit = units[-1] if place is None else unit_in(place)
    if unit is None:
        opened = next((other for other in reversed(units) if other.is_open), None)
        if opened is None:
            return None
        raise OtherDatabase(wanted, owner.database, opened.database)
    if not unit.takes_more:
        raise TransactionEnded(f"{wanted} came after the commit or rollback of the unit of work around it")
    return unit


def remember_owners() -> None:
    """Let every surrounding unit remember its owner, before code of the same owner runs in another context."""
    for unit in entered_units.get():
        unit.remember_owner()


@block
def hidden_units(hidden: Callable[[UnitOfWork], bool] = lambda _: True) -> Generator[None]:
    """Hide the units for which ``hidden`` returns true, so that the code within deliberately does not join them."""
    token = entered_units.set(tuple(unit for unit in entered_units.get() if not hidden(unit)))
    try:
        yield
    finally:
        with suppress(ValueError):  # the block is left in another context, where this value was never set
            entered_units.reset(token)
