"""Step 4, one transaction around everything a turn writes: the port."""

from __future__ import annotations

import abc
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Self

from cqrs._running import runner, runs_in
from cqrs.errors.transactions import (
    AfterCommitError,
    OtherTask,
    SecondTransaction,
    TransactionDoomed,
    TransactionEnded,
    UnitOfWorkStateError,
)
from cqrs.unit_of_work.journal import Info, Journal
from cqrs.unit_of_work.stack import entered, without

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, MutableMapping
    from contextvars import Token
    from types import TracebackType

HELD = (
    "This unit of work holds the work of others too: leave commit and rollback to whoever opened it, and use a "
    "savepoint for what is to be undone alone."
)


class UnitOfWork(abc.ABC):
    """One transaction. ``async with`` opens it; it is committed at the end, or rolled back if an error ends it.

    What runs inside finds it with :func:`current_unit_of_work`; repositories of this package join it by themselves.
    :meth:`commit` and :meth:`rollback` may be called before the end; what is done afterwards fails. If the commit
    fails, its error is raised and nothing that waited for it happens. It is for the task that has opened it.

    At the commit, in this order: what :meth:`before_commit` was given, the COMMIT, what :meth:`after_commit` was given.
    These, :attr:`info` and recorded events are undone with the savepoint around them.
    """

    begins_by_itself = False
    """Whether the first use begins the transaction, so that opening the unit takes no ``await``."""

    is_committing = False
    """Whether the commit is under way: its session may still begin and write what was pending."""

    foreign_to: str | None = None
    """The database whose transaction is open around this one, which was not asked for by name: it may only read."""

    _open = False
    _ended: str | None = None
    _units: Token[tuple[UnitOfWork, ...]] | None = None
    _owner: Any = None
    _holders = 0
    _turns = 0
    _whole_batch = False
    _doomed_by: BaseException | None = None
    _journal: Journal | None = None
    _info: Info | None = None
    _before: list[Callable[[], Awaitable[None]]] | None = None
    _after: list[Callable[[], Awaitable[None]]] | None = None
    _unread: dict[int, Any] | None = None

    @property
    @abc.abstractmethod
    def session(self) -> Any:
        """What business code writes through: an SQLAlchemy ``AsyncSession``, say."""

    @property
    def place(self) -> Any:
        """What it is a transaction of; units over the same place are compared by it. ``None`` if it cannot be told."""
        return None

    @property
    def database(self) -> str:
        """The name of that place, for people."""
        return "this unit of work"

    @property
    def is_open(self) -> bool:
        """Whether something can still be written."""
        return self._open

    @property
    def is_held(self) -> bool:
        """Whether it must not be ended now: see :meth:`held`."""
        return self._holders > 0

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been done in it that has to be committed."""
        return False

    @property
    def journal(self) -> Journal:
        """How what is kept in memory is undone with a savepoint."""
        if self._journal is None:
            self._journal = Journal()
        return self._journal

    @property
    def info(self) -> MutableMapping[Any, Any]:
        """What belongs to this transaction. Changes are undone with the savepoint that they were made in."""
        if self._info is None:
            self._info = Info(self.journal)
        return self._info

    def before_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await ``callback`` right before the commit, after those that were registered before; it may still write.

        An error of it fails the commit. It is forgotten if the transaction, or the savepoint around this call, is
        rolled back.
        """
        self.must_be_usable("before_commit")
        self._before = self._noted(self._before, callback)

    def after_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await ``callback`` when the commit has succeeded, after those that were registered before.

        It is forgotten if the transaction, or the savepoint around this call, is rolled back. All of them are called;
        if some fail, whoever left the unit of work gets an ``AfterCommitError``: the commit stands.
        """
        self.must_be_usable("after_commit")
        self._after = self._noted(self._after, callback)

    def expects_reading(self, recorder: Any, undo: Callable[[], None]) -> None:
        """``recorder`` has recorded events that somebody must read before the commit; ``undo`` takes them back."""
        unread = self._unread = {} if self._unread is None else self._unread
        known = id(recorder) in unread
        unread[id(recorder)] = recorder

        def take_back() -> None:
            undo()
            if not known:
                unread.pop(id(recorder), None)

        self.journal.note(take_back)

    def has_read(self, recorder: Any) -> None:
        """The events of ``recorder`` have been read."""
        if self._unread is not None:
            self._unread.pop(id(recorder), None)

    def doom(self, error: BaseException) -> None:
        """Let the commit raise ``TransactionDoomed``: what failed with ``error`` could not be undone by itself."""
        self._doomed_by = self._doomed_by or error

    async def commit(self) -> None:
        """Make everything durable, and then call what waits for it."""
        self._must_be_free()
        try:
            while self._before:
                waiting, self._before = self._before, None
                for callback in waiting:
                    await callback()
            self._must_be_whole()
        except BaseException:
            await self._roll_back("it could not be committed")
            raise
        self._end_as("it was committed")
        self.is_committing = True
        try:
            await self._commit()
        except BaseException:
            self._take_back()
            raise
        finally:
            self.is_committing = False
        await self._call_after_commit()

    async def rollback(self) -> None:
        """Undo everything."""
        self._must_be_free()
        await self._roll_back("it was rolled back")

    @contextmanager
    def held(self, *, whole_batch: bool = False) -> Generator[None]:
        """Let :meth:`commit` and :meth:`rollback` raise ``UnitOfWorkStateError`` within: others depend on it.

        With ``whole_batch`` the turns within get no savepoints of their own: if one fails, all of it is to be done
        again. It is also raised at the end if somebody has undone the transaction past the unit of work.
        """
        self._must_be_open()
        self._holders += 1
        self._whole_batch = whole_batch
        try:
            yield
        finally:
            self._holders -= 1
        self._must_be_whole()

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None, None]:
        """A part that can be undone alone: an error within it undoes what was done within it, and is raised on."""
        self.must_be_usable("savepoint")
        mark = self.journal.mark
        try:
            async with self._savepoint():
                yield
        except BaseException:
            self.journal.undo_to(mark)
            raise

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """The turn of a request that joins: undone alone if it fails, or else what is around cannot be committed."""
        outermost = self._turns == 0
        self._turns += 1
        try:
            if self.is_held and self._whole_batch and outermost:
                # One savepoint for each message would be too many for PostgreSQL; its error redoes the batch.
                self.must_be_usable("a turn")
                try:
                    yield
                except BaseException as error:
                    self.doom(error)
                    raise
            else:
                async with self.savepoint():
                    yield
        finally:
            self._turns -= 1

    def enter(self) -> None:
        """Be the unit of work that the code of this task runs in, until :meth:`leave`."""
        units = entered.get()
        if units:
            self._must_fit_among(units)
        if self._units is not None:
            raise SecondTransaction(
                "This unit of work was opened a second time", self.database, "Make a new one for each transaction."
            )
        if self._ended is not None:
            self._forget_the_last_time()
        self._open = True
        self._units = entered.set((*units, self))

    def settle(self) -> None:
        """Note which task the unit is for, unless that is known, or this is another one than has opened it.

        That is put off until somebody uses the unit: every turn opens one, and asking for the task costs as much as the
        rest of that. A token of a context variable is good only where it was made, and not in tasks that were started
        there.
        """
        if self._owner is not None or self._units is None:
            return
        now = entered.get()
        try:
            entered.reset(self._units)
        except ValueError:
            return
        self._units = entered.set((*entered.get(), self))
        entered.set(now)
        self._owner = runner()

    def leave(self) -> None:
        """The end of what :meth:`enter` has begun."""
        token, self._units, self._open = self._units, None, False
        if self._ended is None:
            self._ended = "its block was left"
        if token is not None:
            try:
                entered.reset(token)
            except ValueError:  # it is left in another context: a fixture or a dependency with a yield does so
                entered.set(tuple(unit for unit in entered.get() if unit is not self))

    async def __aenter__(self) -> Self:
        self.enter()
        try:
            await self._begin()
        except BaseException:
            self.leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._open:
                await (self.commit() if error is None else self._roll_back("it was rolled back after an error"))
        finally:
            self.leave()
            await self._end()
        better = None if error is None else self._explained(error)
        if better is not None and better is not error:
            raise better from error

    def must_be_usable(self, wanted: str) -> None:
        """Raise ``TransactionEnded`` after the end, ``OtherTask`` where another task than the unit's runs."""
        self._must_be_open()
        self.settle()
        if self._owner is None or not runs_in(self._owner):
            raise OtherTask(wanted)

    def _noted(
        self, callbacks: list[Callable[[], Awaitable[None]]] | None, callback: Callable[[], Awaitable[None]]
    ) -> list[Callable[[], Awaitable[None]]]:
        callbacks = [] if callbacks is None else callbacks
        callbacks.append(callback)
        self.journal.note(lambda: callbacks.remove(callback) if callback in callbacks else None)
        return callbacks

    def _must_be_open(self) -> None:
        if not self._open:
            raise UnitOfWorkStateError if self._ended is None else TransactionEnded(self._ended)

    def _must_be_free(self) -> None:
        self._must_be_open()
        if self.is_held:
            raise UnitOfWorkStateError(HELD)

    def _must_be_whole(self) -> None:
        """Raise what stands against a commit."""
        if self._doomed_by is not None:
            raise TransactionDoomed(self._doomed_by) from self._doomed_by
        for recorder in (self._unread or {}).values():
            raise UnitOfWorkStateError(
                f"{type(recorder).__qualname__} has recorded events that nobody reads, so they would be lost: events "
                "are read from the handlers that the mediator calls. Send a request in place of calling another "
                "handler, and take an EventRecorder as a parameter of the handler function only."
            )

    def _must_fit_among(self, units: tuple[UnitOfWork, ...]) -> None:  # noqa: B027  # most fit
        """Raise ``SecondTransaction`` if this must not be opened within ``units``."""

    def _forget_the_last_time(self) -> None:
        self._owner = self._ended = self._doomed_by = self._journal = self._info = self._before = self._after = (
            self._unread
        ) = None
        self._turns = 0

    def _end_as(self, how: str) -> None:
        self._open, self._ended = False, how

    async def _roll_back(self, how: str) -> None:
        self._end_as(how)
        self._take_back()
        await self._rollback()

    def _take_back(self) -> None:
        if self._journal is not None:
            self._journal.undo_to(0)
        self._before = self._after = self._unread = None

    async def _call_after_commit(self) -> None:
        waiting, self._after = self._after, None
        if not waiting:
            return
        errors: list[Exception] = []
        with without(lambda unit: unit is self):
            for callback in waiting:
                try:
                    await callback()
                except Exception as error:  # noqa: BLE001  # raised below: one callback must not cost the others theirs
                    errors.append(error)
        if errors:
            raise AfterCommitError(errors) from errors[0]

    def is_undone_by(self, error: BaseException) -> bool:
        """Whether ``error`` says that the whole transaction is undone, and not only the savepoint around it."""
        del error
        return self._doomed_by is not None

    def _explained(self, error: BaseException) -> BaseException:
        """What is to be raised in place of ``error``, which has ended the unit of work."""
        return error

    async def _begin(self) -> None:  # noqa: B027  # most have nothing to do here
        """Begin the transaction, unless that is done with the first use."""

    @abc.abstractmethod
    async def _commit(self) -> None: ...

    @abc.abstractmethod
    async def _rollback(self) -> None: ...

    @abc.abstractmethod
    def _savepoint(self) -> Any: ...

    async def _end(self) -> None:  # noqa: B027  # as above
        """Give back what was taken."""
