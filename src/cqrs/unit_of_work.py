"""Step 4, one transaction around everything a turn writes: business rows, outbox, inbox, and what comes later."""

from __future__ import annotations

import abc
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Self

from cqrs.errors import UnitOfWorkStateError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from types import TracebackType

HELD = (
    "This unit of work holds the work of others too: leave commit and rollback to whoever opened it, and use a "
    "savepoint for what is to be undone alone."
)
_current: ContextVar[UnitOfWork | None] = ContextVar("cqrs_unit_of_work", default=None)


def current_unit_of_work() -> UnitOfWork | None:
    """The unit of work that this code runs in, if there is one and it is open."""
    unit = _current.get()
    return unit if unit is not None and unit.is_open else None


class UnitOfWork(abc.ABC):
    """One transaction. ``async with`` opens it; it is committed at the end, or rolled back if an error ends it.

    What runs inside finds it with :func:`current_unit_of_work`; repositories of this package join it by themselves.
    :meth:`commit` and :meth:`rollback` may be called before the end; what is done afterwards fails. If the commit
    fails, its error is raised and nothing that waited for it happens. To be used from one task at a time.
    """

    def __init__(self) -> None:
        self._waiting: list[Callable[[], Awaitable[None]]] = []
        self._token: Token[UnitOfWork | None] | None = None
        self._open = False
        self._holders = 0

    @property
    @abc.abstractmethod
    def session(self) -> Any:
        """What business code writes through: an SQLAlchemy ``AsyncSession``, say."""

    @property
    def is_open(self) -> bool:
        """Whether something can still be written."""
        return self._open

    @property
    def is_held(self) -> bool:
        """Whether it must not be ended now: see :meth:`held`."""
        return self._holders > 0

    def after_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await ``callback`` when the commit has succeeded, after those that were registered before.

        It is forgotten if the transaction, or the savepoint around this call, is rolled back. All of them are called,
        and the first error reaches whoever left the unit of work: the commit stands.
        """
        self._must_be_open()
        self._waiting.append(callback)

    async def commit(self) -> None:
        """Make everything durable, and then call what waits for it."""
        self._must_be_free()
        self._open = False
        waiting, self._waiting = self._waiting, []
        await self._commit()
        errors: list[Exception] = []
        for callback in waiting:
            try:
                await callback()
            except Exception as error:  # noqa: BLE001  # raised below: one callback must not cost the others theirs
                errors.append(error)
        if errors:
            for other in errors[1:]:
                errors[0].add_note(f"another call after this commit failed with {type(other).__qualname__}: {other}")
            raise errors[0]

    async def rollback(self) -> None:
        """Undo everything."""
        self._must_be_free()
        self._open = False
        self._waiting.clear()
        await self._rollback()

    @contextmanager
    def held(self) -> Generator[None]:
        """Let :meth:`commit` and :meth:`rollback` raise ``UnitOfWorkStateError`` within: others depend on it.

        Where the session can be committed past the unit of work, that raises it too. It is also raised at the end if
        somebody has undone the transaction past the unit of work.
        """
        self._must_be_open()
        self._holders += 1
        transaction = self._transaction()
        try:
            yield
        finally:
            self._holders -= 1
        if self._transaction() is not transaction:
            raise UnitOfWorkStateError(HELD)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None, None]:
        """A part that can be undone alone: an error within it undoes what was done within it, and is raised on."""
        self._must_be_open()
        waiting = len(self._waiting)
        try:
            async with self._savepoint():
                yield
        except BaseException:
            del self._waiting[waiting:]
            raise

    async def __aenter__(self) -> Self:
        await self._begin()
        self._open = True
        self._token = _current.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None
        try:
            if self._open:
                await (self.commit() if error is None else self.rollback())
        finally:
            await self._end()

    def _must_be_open(self) -> None:
        if not self._open:
            raise UnitOfWorkStateError

    def _must_be_free(self) -> None:
        self._must_be_open()
        if self.is_held:
            raise UnitOfWorkStateError(HELD)

    def _transaction(self) -> object:
        """Something that is another when the transaction has been ended past this unit of work."""
        return None

    @abc.abstractmethod
    async def _begin(self) -> None: ...

    @abc.abstractmethod
    async def _commit(self) -> None: ...

    @abc.abstractmethod
    async def _rollback(self) -> None: ...

    @abc.abstractmethod
    def _savepoint(self) -> Any: ...

    @abc.abstractmethod
    async def _end(self) -> None: ...
