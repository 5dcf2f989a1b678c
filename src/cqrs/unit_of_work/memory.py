"""Step 4: the unit of work of stores in memory, for tests and as the reference implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from cqrs._tasks.blocks import async_block
from cqrs.errors.transactions import OtherDatabase
from cqrs.unit_of_work.protocol import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable


class MemoryUnitOfWork(UnitOfWork):
    """Collects the writes of stores and makes them at the commit, either all of them or none.

    ``place`` distinguishes units of several stores; a unit without one fits every store.
    """

    begins_by_itself = True

    def __init__(self, place: object = None) -> None:
        self._place = place
        self._checks: list[Callable[[], None]] = []
        self._writes: list[Callable[[], None]] = []

    @property
    def place(self) -> object:
        """The ``place`` that was given to the constructor."""
        return self._place

    @property
    def is_untouched(self) -> bool:
        """Whether nothing waits for the commit."""
        return not self._writes and self._journal is None and self._doomed_by is None

    @property
    def session(self) -> Self:
        """The unit of work itself: stores write with :meth:`enlist`."""
        self.must_be_usable("the session")
        return self

    def enlist(self, write: Callable[[], None], *, check: Callable[[], None] | None = None) -> None:
        """Call ``write`` at the commit, after the writes before it.

        If ``check`` raises, the commit fails with its error; all checks come before the first write. A ``write`` must
        not fail. Neither is called if the transaction, or the savepoint around this call, is rolled back.
        """
        self.must_be_usable("enlist")
        if self.foreign_to is not None:
            raise OtherDatabase("What is written here", self.database, self.foreign_to)
        self._writes.append(write)
        if check is not None:
            self._checks.append(check)

    @property
    def enlisted(self) -> tuple[Callable[[], None], ...]:
        """The writes that wait for the commit, in order."""
        return tuple(self._writes)

    async def _commit(self) -> None:
        for check in self._checks:
            check()
        for write in self._writes:
            write()

    async def _rollback(self) -> None:
        self._forget()

    async def _end(self) -> None:
        self._forget()

    @async_block
    async def _savepoint(self) -> AsyncGenerator[None, None]:
        checks, writes = len(self._checks), len(self._writes)
        try:
            yield
        except BaseException:
            del self._checks[checks:]
            del self._writes[writes:]
            raise

    def _forget(self) -> None:
        self._checks.clear()
        self._writes.clear()
