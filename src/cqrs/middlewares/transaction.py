"""Step 2, one transaction around each turn."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

from cqrs._generics import type_name
from cqrs._running import is_stream_closed
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import AfterCommitError, SecondTransaction, TransactionEnded
from cqrs.unit_of_work.joining import must_fit
from cqrs.unit_of_work.options import options_of
from cqrs.unit_of_work.protocol import UnitOfWork
from cqrs.unit_of_work.stack import entered, unit_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.middlewares.base import Handle
    from cqrs.unit_of_work.database import TransactionalDatabase

logger = logging.getLogger("cqrs")

_MAKE_ONE = "give a function without arguments that makes a new unit of work, or pass database= to the bootstrap"


class TransactionMiddleware:
    """Opens a unit of work for each turn, and commits it when the turn is done or rolls it back if that fails.

    It is given a database, or a ``factory`` that makes a unit of work and may be ``async``. A turn within an open unit
    of work, such as a nested ``send``, joins that one as a savepoint: if it fails and its error is caught, it alone is
    undone. The turn of a stream lasts from its first chunk to its last; a consumer that goes away before rolls it back.
    Works on every mediator, innermost: other middlewares stand before it, and see its commit.

    Raises ``InvalidArgument`` for a factory that makes no units of work; in a turn ``SecondTransaction`` if it would
    join over another session or with another kind of transaction than its request asks for, ``AfterCommitError`` with
    the answer if what was to follow the commit has failed.
    """

    def __init__(self, factory: TransactionalDatabase | Callable[[], UnitOfWork | Awaitable[UnitOfWork]]) -> None:
        database: Any = factory if hasattr(type(factory), "unit_of_work") else None
        self.database: TransactionalDatabase | None = database
        self._factory: Any = _checked(factory) if database is None else database.unit_of_work

    async def __call__(self, request: Any, handle: Handle) -> Any:
        """Await ``handle(request)`` in a unit of work."""
        if entered.get():
            open_one = self._open_here()
            if open_one is not None:
                return await self._join(open_one, request, handle)
        unit = await self._made(request)
        if unit.begins_by_itself:
            unit.enter()
        else:
            await unit.__aenter__()
        try:
            answer = await handle(request)
        except BaseException as error:
            touched = not unit.is_untouched
            await unit.__aexit__(type(error), error, error.__traceback__)
            if touched and is_stream_closed(error):
                logger.warning("%s was left before its end: what it wrote is undone", type(request).__qualname__)
            raise
        if unit.is_untouched:
            unit.leave()
            return answer
        try:
            await unit.__aexit__(None, None, None)
        except AfterCommitError as error:
            error.answer = answer
            raise
        return answer

    async def _made(self, request: Any) -> UnitOfWork:
        if self.database is not None:
            unit: Any = self._factory(options_of(request))
            return unit  # type: ignore[no-any-return]
        unit = self._factory()
        if inspect.isawaitable(unit):
            unit = await unit
        if not isinstance(unit, UnitOfWork):
            raise InvalidArgument("factory", unit, f"it made no unit of work: {_MAKE_ONE}")
        return unit

    def _open_here(self) -> UnitOfWork | None:
        """The unit of work to join: the innermost one of this database."""
        units = entered.get()
        unit = units[-1] if self.database is None else unit_in(self.database.place)
        if unit is not None and not unit.is_open:
            raise TransactionEnded(
                "the one around this turn was committed or rolled back before its end",
                "Send the request before that, or after the block of the unit of work.",
            )
        return unit

    async def _join(self, unit: UnitOfWork, request: Any, handle: Handle) -> Any:
        must_fit(options_of(request), unit, type(request).__qualname__)
        if self.database is None:
            await self._must_be_over_the_same_session(unit)
        async with unit.turn():
            return await handle(request)

    async def _must_be_over_the_same_session(self, unit: UnitOfWork) -> None:
        made = await self._made(None)
        brought = getattr(getattr(made, "source", None), "brought", None)
        if brought is not None and brought is not unit.session:
            raise SecondTransaction(
                "A turn would join with a session of its own, which its TransactionMiddleware brings",
                unit.database,
                "What its handler writes there would never be committed. Bind the session that is always that of the "
                "open transaction, container.bind_instance(AsyncSession, db.session), and pass database=db to the "
                "bootstrap.",
            )


def _checked(factory: Any) -> Any:
    kind: Any = factory
    if isinstance(factory, UnitOfWork):
        raise InvalidArgument("factory", factory, f"this one unit of work would be that of all turns: {_MAKE_ONE}")
    if not callable(factory):
        raise InvalidArgument("factory", factory, _MAKE_ONE)
    if isinstance(getattr(factory, "class_", None), type):  # a sessionmaker
        raise InvalidArgument("factory", factory, f"it makes sessions: {_MAKE_ONE}")
    if isinstance(factory, type) and not issubclass(factory, UnitOfWork):
        raise InvalidArgument("factory", kind, f"{type_name(kind)} is no unit of work: {_MAKE_ONE}")
    try:
        inspect.signature(factory).bind()
    except TypeError:
        raise InvalidArgument("factory", factory, f"it takes arguments: {_MAKE_ONE}") from None
    except ValueError:  # written in C, and says nothing about its arguments
        pass
    return factory
