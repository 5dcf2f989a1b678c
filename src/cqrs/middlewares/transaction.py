"""Step 2: runs each turn in one transaction."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_name
from cqrs._tasks.running import is_stream_closed
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import AfterCommitError, SecondTransaction, TransactionEnded
from cqrs.unit_of_work.options import options_of
from cqrs.unit_of_work.protocol import UnitOfWork
from cqrs.unit_of_work.stack import entered_units, unit_in, units_around
from cqrs.unit_of_work.transaction_block import must_fit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.middlewares.base import Handle
    from cqrs.unit_of_work.database import TransactionalDatabase
    from cqrs.unit_of_work.options import TransactionOptions

logger = logging.getLogger("cqrs")

_MAKE_ONE = "give a function without arguments that makes a new unit of work, or pass database= to the bootstrap"


class TransactionMiddleware:
    """Opens a unit of work for each turn, and commits it when the turn is done, or rolls it back if the turn fails.

    ``factory`` is a database, or a function that makes a unit of work and may be ``async``. A turn within an open unit
    of work, such as a nested ``send``, joins it as a savepoint: if it fails and its error is caught, only this turn is
    undone. The turn of a stream lasts from its first chunk to its last; if the consumer stops before, it is rolled
    back. It works on every mediator, as the innermost middleware, so that the others surround the commit. Within the
    transaction of another database, a turn has a transaction of its own that may only read, unless the turn was
    opened explicitly for that database.

    Raises ``InvalidArgument`` for a ``factory`` that makes no units of work. In a turn, it raises ``SecondTransaction``
    if the turn would join with another session, or with another kind of transaction than its request asks for, and
    ``AfterCommitError``, with the response, if a callback after the commit has failed.
    """

    def __init__(self, factory: TransactionalDatabase | Callable[[], UnitOfWork | Awaitable[UnitOfWork]]) -> None:
        database: Any = factory if hasattr(type(factory), "unit_of_work") else None
        self.database: TransactionalDatabase | None = database
        self._options: dict[type, TransactionOptions] = {}
        self._factory: Any = _checked(factory) if database is None else database.unit_of_work

    async def __call__(self, request: Any, handle: Handle) -> Any:
        """Await ``handle(request)`` in a unit of work."""
        if entered_units.get():
            unit = await self._unit_to_join(request)
            if unit.is_open:
                async with unit.turn():
                    return await handle(request)
        elif self.database is None:
            unit = await self._made()
        else:
            options = self._options.get(request.__class__)  # looked up here, because this runs in every turn
            unit = self._factory(self._options_of(request) if options is None else options)
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
            await self._commit(unit)
        except AfterCommitError as error:
            error.answer = answer
            raise
        return answer

    @staticmethod
    async def _commit(unit: UnitOfWork) -> None:
        try:
            unit.require_all_read()
        except BaseException as error:
            await unit.__aexit__(type(error), error, error.__traceback__)
            raise
        await unit.__aexit__(None, None, None)

    def _options_of(self, request: Any) -> TransactionOptions:
        kind: type[Any] = request.__class__
        options = self._options[kind] = options_of(kind)
        return options

    async def _made(self) -> UnitOfWork:
        unit = self._factory()
        if inspect.isawaitable(unit):
            unit = await unit
        if not isinstance(unit, UnitOfWork):
            raise InvalidArgument("factory", unit, f"it made no unit of work: {_MAKE_ONE}")
        return unit

    async def _unit_to_join(self, request: Any) -> UnitOfWork:
        """Return the open unit of work to join, or a new one if only those of other databases are open."""
        made: UnitOfWork | None = None
        if self.database is not None:
            unit = unit_in(self.database.place)
        else:
            made = await self._made()
            around = units_around()
            unit = (around[-1] if around else None) if made.place is None else unit_in(made.place)
        if unit is None:
            return self._unit_of_other_database(request, made)
        if not unit.is_open:
            raise TransactionEnded(
                "the one around this turn was committed or rolled back before its end",
                "Send the request before that, or after the block of the unit of work.",
            )
        must_fit(self._options.get(request.__class__) or self._options_of(request), unit, type(request).__qualname__)
        passed = getattr(getattr(made, "source", None), "passed_session", None)
        if passed is not None and passed is not unit.session:
            raise SecondTransaction(
                "A turn would join with a session of its own, from its TransactionMiddleware",
                unit.database,
                "What its handler writes there would never be committed. Bind the session that is always that of the "
                "open transaction, container.bind_instance(AsyncSession, db.session), and pass database=db to the "
                "bootstrap.",
            )
        return unit

    def _unit_of_other_database(self, request: Any, made: UnitOfWork | None) -> UnitOfWork:
        unit: UnitOfWork = made or self._factory(self._options.get(request.__class__) or self._options_of(request))
        around = next((other for other in reversed(entered_units.get()) if other.is_open), None)
        if around is not None:  # it would be committed even if the surrounding transaction is rolled back
            unit.foreign_to = around.database
        return unit


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
    except ValueError:  # a function written in C, without a signature
        pass
    return factory
