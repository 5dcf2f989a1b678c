"""Step 4, a session that is, at each call, the one of the open transaction: it can be kept as long as one likes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncSession

from cqrs.errors.transactions import NoOpenTransaction, OtherDatabase, UnitOfWorkStateError
from cqrs.unit_of_work.sqlalchemy.savepoint import Savepoint
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from cqrs.unit_of_work.stack import entered

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
    """An ``AsyncSession`` that is, at each call, the one of the open transaction of its database.

    It may be held by singletons, caches and retries. ``commit``, ``rollback`` and ``close`` raise, and change nothing;
    ``begin()`` is a savepoint; ``async with session:`` neither closes nor commits. Where no transaction is open, every
    use raises ``NoOpenTransaction``; in another task than that of the transaction, ``OtherTask``.
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
        for unit in reversed(entered.get()):
            if isinstance(unit, SqlAlchemyUnitOfWork) and unit.is_around and unit.place == place:
                return unit
        raise self.nothing_open()

    @property
    def sync_session(self) -> Session:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # an attribute in AsyncSession
        """That of the open transaction."""
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
        """As ``bind``."""
        return self.real.binds

    def begin(self) -> AsyncSessionTransaction:
        """A savepoint: the transaction has begun already."""
        return Savepoint(self._unit)

    def begin_nested(self) -> AsyncSessionTransaction:
        """A savepoint."""
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
        return getattr(self.real, name)  # what a session class of the user's keeps in its instances

    def __repr__(self) -> str:
        return f"<the session of the open transaction of {self.source.name}>"

    def nothing_open(self) -> UnitOfWorkStateError:
        """What is wrong where no transaction of its database is open."""
        name = self.source.name
        for unit in reversed(entered.get()):
            if unit.is_open:
                return OtherDatabase("This session", name, unit.database)
        return NoOpenTransaction(f"The session of {name}")


@cache
def _class_for(session_class: Any) -> type[SessionOfTheTransaction]:
    if issubclass(SessionOfTheTransaction, session_class):
        return SessionOfTheTransaction
    return type(f"{session_class.__name__}OfTheTransaction", (SessionOfTheTransaction, session_class), {})


def session_of_the_transaction(source: SessionSource, session_class: type[AsyncSession]) -> SessionOfTheTransaction:
    """The session to inject everywhere: an instance of ``session_class`` for ``isinstance`` and type checkers."""
    made = _class_for(cast("Hashable", session_class))
    return made(source)
