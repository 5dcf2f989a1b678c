"""Step 4: a proxy that leads, at each call, to the session of the open transaction, so that it can be kept."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncSession

from cqrs.errors.transactions import NoOpenTransaction, OtherDatabase, UnitOfWorkStateError
from cqrs.unit_of_work.sqlalchemy.savepoint import Savepoint
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.unit_of_work.stack import entered_units

if TYPE_CHECKING:
    from collections.abc import Hashable
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncSessionTransaction
    from sqlalchemy.orm import Session

    from cqrs.unit_of_work.sqlalchemy.source import SessionSource

S = TypeVar("S", bound=AsyncSession)

_NOT_YOURS = (
    "The open transaction ends this session: leave commit, rollback and close to it. To undo a part write `async with "
    "session.begin_nested():`; to undo everything let an error leave the handler."
)


class SessionOfTheTransaction(AsyncSession):
    """An ``AsyncSession`` that leads, at each call, to the session of the open transaction of its database.

    Singletons, caches and retries may keep it. ``commit``, ``rollback`` and ``close`` raise, and change nothing;
    ``begin()`` is a savepoint; ``async with session:`` neither closes nor commits. Without an open transaction every
    use raises ``NoOpenTransaction``, and in another task than that of the transaction ``OtherTask``.
    """

    source: SessionSource

    def __init__(self, source: SessionSource) -> None:  # it has no session of its own
        self.__dict__["source"] = source

    @property
    def real(self) -> AsyncSession:
        """The session of the open transaction."""
        return self._unit.session

    @property
    def _unit(self) -> SqlAlchemyUnitOfWork:
        place = self.source.place
        for unit in reversed(entered_units.get()):
            if isinstance(unit, SqlAlchemyUnitOfWork) and unit.is_around and unit.place == place:
                return unit
        raise self.nothing_open()

    @property
    def sync_session(self) -> Session:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # an attribute in AsyncSession
        """The synchronous session of the open transaction."""
        return self.real.sync_session

    @property
    def _proxied(self) -> Session:  # type: ignore[override]  # as above
        return self.real.sync_session

    @property  # type: ignore[misc]  # it can be set in AsyncSession
    def bind(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # as above
        """What the session of the open transaction is bound to."""
        return self.real.bind

    @property
    def binds(self) -> Any:
        """What the session of the open transaction has as ``binds``."""
        return self.real.binds

    def begin(self) -> AsyncSessionTransaction:
        """Return a savepoint, because the transaction has begun already."""
        return Savepoint(self._unit)

    def begin_nested(self) -> AsyncSessionTransaction:
        """Return a savepoint."""
        return Savepoint(self._unit)

    async def commit(self) -> NoReturn:
        """Raise: the transaction is committed at its end."""
        raise UnitOfWorkStateError(_NOT_YOURS)

    async def rollback(self) -> NoReturn:
        """Raise: let an error leave the transaction to undo it."""
        raise UnitOfWorkStateError(_NOT_YOURS)

    async def close(self) -> NoReturn:
        """Raise: the session is closed at the end of the transaction."""
        raise UnitOfWorkStateError(_NOT_YOURS)

    aclose = reset = invalidate = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.real, name)  # attributes of instances of a custom session class

    def __repr__(self) -> str:
        return f"<the session of the open transaction of {self.source.name}>"

    def nothing_open(self) -> UnitOfWorkStateError:
        """Return the error to raise if no transaction of its database is open."""
        name = self.source.name
        for unit in reversed(entered_units.get()):
            if unit.is_open:
                return OtherDatabase("This session", name, unit.database)
        return NoOpenTransaction(f"The session of {name}")


@cache
def _class_for(session_class: Any) -> type[SessionOfTheTransaction]:
    if issubclass(SessionOfTheTransaction, session_class):
        return SessionOfTheTransaction
    return type(f"{session_class.__name__}OfTheTransaction", (SessionOfTheTransaction, session_class), {})


def session_of_the_transaction(source: SessionSource, session_class: type[AsyncSession]) -> SessionOfTheTransaction:
    """Return the session to inject: for ``isinstance`` and type checkers it is an instance of ``session_class``."""
    made = _class_for(cast("Hashable", session_class))
    return made(source)
