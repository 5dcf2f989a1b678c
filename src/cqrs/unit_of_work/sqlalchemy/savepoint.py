"""Step 4: savepoints in the session of a unit of work, which raise an error if they were undone silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSessionTransaction

from cqrs.errors.transactions import TransactionEnded

if TYPE_CHECKING:
    from types import TracebackType

    from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork


class Savepoint(AsyncSessionTransaction):
    """The result of ``session.begin_nested()``, with three differences.

    If the driver's connection was handed out, it begins at once, or statements that bypass the session would come
    before it. If a failed flush has undone it and the error was caught within its block, the end of the block raises
    ``TransactionEnded``. If its block is left in another task than that of the unit, the savepoint is not undone, but
    the unit cannot be committed any more.
    """

    __slots__ = ("ended", "unit")

    def __init__(self, unit: SqlAlchemyUnitOfWork) -> None:
        super().__init__(unit.session, nested=True)
        self.unit = unit
        self.ended = False

    async def start(self, is_ctxmanager: bool = False) -> Savepoint:  # noqa: FBT001, FBT002  # as in AsyncSessionTransaction
        """Begin."""
        await super().start(is_ctxmanager)
        if self.unit.hands_out_the_driver:
            await self.session.connection()
        return self

    async def commit(self) -> None:
        """Keep what was done in it."""
        self.ended = True
        await super().commit()

    async def rollback(self) -> None:
        """Undo what was done in it."""
        self.ended = True
        await super().rollback()

    async def __aexit__(
        self, type_: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.unit.is_here:
            self.unit.doom(TransactionEnded("a savepoint in it was left in another task (by the garbage collector?)"))
            return
        undone = type_ is None and not self.ended and not self.is_active
        await super().__aexit__(type_, value, traceback)
        if undone:
            self.unit.savepoint_is_undone(self._sync_transaction())
            cause = self.unit.last_failure
            name = None if cause is None else type(cause).__qualname__
            how = "by a rollback or close" if name is None else f"by a flush that failed with {name}"
            raise TransactionEnded(
                f"a savepoint in it was undone {how}, and the code went on as if it were there",
                "Let the error leave the savepoint (a nested request, a fallback, `async with db.transaction()`), or "
                "put `async with session.begin_nested():` around what may fail alone.",
            ) from cause
