"""Step 4, which units of work are open where the code runs: one for each database, the last opened innermost."""

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

entered: ContextVar[tuple[UnitOfWork, ...]] = turn_variable("cqrs_units_of_work", outside=())
"""Every unit whose ``async with`` this code runs in. Some may have been committed or rolled back already."""

ever_entered: list[bool] = []
"""Empty as long as no unit was opened in this process: a look at it is all that turns without one pay."""


def units_around() -> tuple[UnitOfWork, ...]:
    """The units whose ``async with`` has not been left, the innermost last.

    A task that was started in one and lives longer is in none.
    """
    units = entered.get()
    return tuple(unit for unit in units if unit.is_around) if units else ()


def current_unit_of_work() -> UnitOfWork | None:
    """The unit of work that this code runs in, if there is one and it is open; the innermost of several."""
    for unit in reversed(entered.get()):
        if unit.is_around:
            return unit if unit.is_open else None
    return None


def unit_in(place: object) -> UnitOfWork | None:
    """The innermost unit over ``place`` that this code runs in, open or not any more."""
    for unit in reversed(entered.get()):
        if unit.is_around and unit.place == place:
            return unit
    return None


class OfADatabase(Protocol):
    """What becomes part of the transactions of one database."""

    @property
    def place(self) -> Any:
        """What those have in common; ``None`` if any will do."""
        ...

    @property
    def database(self) -> str:
        """The database for people. It is asked for where something is wrong."""
        ...


def unit_for(owner: OfADatabase, wanted: str) -> UnitOfWork | None:
    """The open unit of work that ``wanted``, a thing of ``owner``, becomes part of; ``None`` outside of all.

    Raises ``TransactionEnded`` for one that is over, and
    ``OtherDatabase`` if only others are open.
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


def settle_units() -> None:
    """Let every unit around know whose it is, before code runs in another context that may be the same's."""
    for unit in entered.get():
        unit.settle()


@block
def without(hidden: Callable[[UnitOfWork], bool] = lambda _: True) -> Generator[None]:
    """Let the code within see none of the units that are ``hidden``: what it does is beside them, on purpose."""
    token = entered.set(tuple(unit for unit in entered.get() if not hidden(unit)))
    try:
        yield
    finally:
        with suppress(ValueError):  # it is left in another context, which has never seen this
            entered.reset(token)
