"""Step 4: the port of units of work: one transaction around everything that a turn writes."""

from __future__ import annotations

import abc
import logging
from typing import TYPE_CHECKING, Any, Self

from cqrs._failpoints import reached
from cqrs._renamed import renamed_methods
from cqrs._tasks.blocks import async_block, block
from cqrs.errors.transactions import AfterCommitError, TransactionDoomed, UnitOfWorkStateError
from cqrs.unit_of_work.owner import TaskOwned
from cqrs.unit_of_work.pending import PendingWork

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from types import TracebackType

logger = logging.getLogger("cqrs")

HELD = (
    "This unit of work also holds other work: leave commit and rollback to the code that opened it, and use a "
    "savepoint for what is to be undone alone."
)


@renamed_methods(
    expects_reading="note_unread",
    has_read="note_read",
    must_have_been_read="require_all_read",
    settle="remember_owner",
)
class UnitOfWork(TaskOwned, PendingWork, abc.ABC):
    """One transaction. ``async with`` opens it; it is committed at the end, or rolled back if an error ends it.

    Code inside finds it with :func:`current_unit_of_work`; repositories of this package join it automatically.
    :meth:`commit` and :meth:`rollback` may be called before the end; using the unit afterwards fails. If the commit
    fails, its error is raised, and no callback of :meth:`after_commit` is called. Only the task that opened it may use
    it.

    A commit does, in this order: the callbacks of :meth:`before_commit`, the COMMIT, the callbacks of
    :meth:`after_commit`. Callbacks, :attr:`info` and recorded events are undone with the savepoint around them.
    """

    begins_by_itself = False
    """Whether the first use begins the transaction, so that opening the unit needs no ``await``."""

    is_committing = False
    """Whether the commit has begun but no COMMIT was sent: its session may still begin and write what is pending."""

    foreign_to: str | None = None
    """If it is set, this unit may only read.

    It is the name of another database, whose transaction surrounds this one, and this one was not opened explicitly.
    """

    _holders = 0
    _turns = 0
    _whole_batch = False
    _doomed_by: BaseException | None = None

    @property
    @abc.abstractmethod
    def session(self) -> Any:
        """What business code writes through, such as an ``AsyncSession`` of SQLAlchemy."""

    @property
    def is_held(self) -> bool:
        """Whether it must not be committed or rolled back now: see :meth:`held`."""
        return self._holders > 0

    @property
    def is_untouched(self) -> bool:
        """Whether it holds nothing that has to be committed."""
        return False

    @property
    def takes_more(self) -> bool:
        """Whether something that is added now becomes part of it."""
        return self.is_open

    @property
    def is_doomed(self) -> bool:
        """Whether its commit will raise ``TransactionDoomed``."""
        return self._doomed_by is not None

    def doom(self, error: BaseException) -> None:
        """Make the commit raise ``TransactionDoomed``, because what failed with ``error`` cannot be undone alone."""
        self._doomed_by = self._doomed_by or error

    async def commit(self) -> None:
        """Commit everything, and then call the callbacks of :meth:`after_commit`."""
        self._must_be_free()
        await self._finish()

    async def _finish(self) -> None:
        try:
            await self._call_before_commit()
            self._must_be_whole()
            reached("transaction.written")
        except AfterCommitError as error:  # raised by another transaction: this one is not committed
            await self._roll_back("it could not be committed")
            raise TransactionDoomed(error) from error
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
        reached("transaction.committed")
        await self._call_after_commit()

    async def rollback(self) -> None:
        """Undo everything."""
        self._must_be_free()
        await self._roll_back("it was rolled back")

    @block
    def held(self, *, whole_batch: bool = False) -> Generator[None]:
        """Make :meth:`commit` and :meth:`rollback` raise ``UnitOfWorkStateError`` within the block.

        With ``whole_batch`` the turns within get no savepoints of their own: if one fails, the whole batch has to be
        repeated. The end of the block raises ``TransactionEnded`` if something else has ended the transaction.
        """
        self._must_be_open()
        self._holders += 1
        self._whole_batch = whole_batch
        try:
            yield
        finally:
            self._holders -= 1
        self._must_be_whole()

    @async_block
    async def savepoint(self) -> AsyncGenerator[None, None]:
        """Open a savepoint: an error that leaves the block undoes what was done in it, and is raised again.

        The savepoint of a stream whose consumer has used the transaction between two chunks cannot be undone alone,
        because that would undo the work of the consumer, too; then the commit raises ``TransactionDoomed``. Leaving
        the block raises ``TransactionEnded`` if the database has undone the savepoint because of an error that was
        caught within it.
        """
        self.must_be_usable("A savepoint")
        mark, stream = self.journal.mark, self._joined_stream()
        try:
            async with self._savepoint():
                yield
        except BaseException as error:
            self.journal.undo_to(mark)
            if stream is not None and stream.is_crossed:
                self.doom(error)
            raise
        finally:
            self._stream_ends(stream)

    @async_block
    async def turn(self) -> AsyncGenerator[None, None]:
        """Open the turn of a request that joins this unit. If it fails, it is undone alone, or the unit is doomed."""
        self.must_be_usable("A request within the turn of another one")
        outermost, unread = self._turns == 0, self.unread
        self._turns += 1
        try:
            if self.is_held and self._whole_batch and outermost:
                # One savepoint for each message would be too many for PostgreSQL; an error repeats the whole batch.
                try:
                    yield
                    self.require_all_read(but=unread)
                except BaseException as error:
                    self.doom(error)
                    raise
            else:
                async with self.savepoint():
                    yield
                    self.require_all_read(but=unread)
        finally:
            self._turns -= 1

    async def __aenter__(self) -> Self:
        self.enter()
        try:
            await self._begin()
        except BaseException:
            self.leave()
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._open and not self.is_untouched and isinstance(error, GeneratorExit) and not self.is_here:
            logger.error(
                "A transaction of %s was left in another task than it was opened in, by an async generator that was "
                "not closed (contextlib.aclosing does it): what was written in it is undone",
                self.database,
            )
        try:
            if self._open:
                if self.is_held:
                    raise UnitOfWorkStateError(HELD)
                await (self._finish() if error is None else self._roll_back("it was rolled back after an error"))
        finally:
            self.leave()
            self._forget_what_waits()  # a task that was started in the block keeps the unit alive
            await self._end()
        better = None if error is None else self._explained(error)
        if better is not None and better is not error:
            raise better from error

    def _must_be_free(self) -> None:
        self.must_be_usable("commit() or rollback()")
        if self.is_held:
            raise UnitOfWorkStateError(HELD)

    def _must_be_whole(self) -> None:
        """Raise an error if the transaction cannot be committed."""
        if self._doomed_by is not None:
            raise TransactionDoomed(self._doomed_by) from self._doomed_by

    def _forget_the_last_time(self) -> None:
        super()._forget_the_last_time()
        self._forget_what_waits()
        self._doomed_by, self._turns = None, 0

    def _end_as(self, how: str) -> None:
        self._open, self._ended = False, how

    async def _roll_back(self, how: str) -> None:
        self._end_as(how)
        self._take_back()
        await self._rollback()

    def is_undone_by(self, error: BaseException) -> bool:
        """Whether ``error`` means that the whole transaction is undone, and not only the savepoint around it."""
        del error
        return self._doomed_by is not None

    def _explained(self, error: BaseException) -> BaseException:
        """Return the error to raise in place of ``error``, which has ended the unit of work."""
        # Callers take an AfterCommitError that leaves a unit as a sign that this unit was committed. This one was not.
        return TransactionDoomed(error) if isinstance(error, AfterCommitError) else error

    async def _begin(self) -> None:  # not abstract: most need not do anything
        """Begin the transaction, unless the first use does that."""

    @abc.abstractmethod
    async def _commit(self) -> None: ...

    @abc.abstractmethod
    async def _rollback(self) -> None: ...

    @abc.abstractmethod
    def _savepoint(self) -> Any: ...

    async def _end(self) -> None:  # as above
        """Release what the unit has acquired, such as its session."""
