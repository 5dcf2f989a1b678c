"""Step 4, what ``async with outbox`` does: it opens a transaction, or a savepoint in the one that is open."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import turn_variable
from cqrs.errors.transactions import TransactionEnded

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from contextvars import ContextVar
    from types import TracebackType

    from cqrs.unit_of_work.protocol import UnitOfWork


logger = logging.getLogger("cqrs")


class _NotCommitted(Exception):
    """Undoes a savepoint; it is never seen."""


@dataclasses.dataclass(slots=True)
class Entered:
    """One ``async with`` of an outbox."""

    owner: object
    unit: UnitOfWork
    session: Any
    savepoint: AbstractAsyncContextManager[None] | None
    committed: bool = False
    rolled_back: bool = False
    added: int = 0

    async def commit(self) -> None:
        """Commit what was opened here; in a savepoint, let it become part of what is around it."""
        if self.rolled_back:
            raise TransactionEnded("it was rolled back", "Leave the block, and begin again in a new one.")
        if self.savepoint is None:
            await self.unit.commit()
        else:
            self.unit.must_be_usable("commit() of an outbox")
        self.committed = True

    async def rollback(self) -> None:
        """Undo what was done since it was opened; in a savepoint, at its end."""
        if self.savepoint is None:
            await self.unit.rollback()
        self.committed, self.rolled_back = False, True
        self.added = 0

    def _is_open(self) -> bool:
        """Whether anything is left to undo: the session itself may have been committed by its owner."""
        in_transaction = getattr(self.session, "in_transaction", None)
        return self.unit.is_open and (in_transaction is None or in_transaction())

    async def leave(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Undo what is not committed, and report messages that were neither committed nor rolled back."""
        unsaid = error is None and not self.committed and not self.rolled_back and self._is_open()
        if unsaid and self.added:
            logger.warning(
                "%d message(s) were added to an outbox, and `async with` ended without a commit: they are undone. Call "
                "`await outbox.commit(session)` before its end, or rollback() if that is meant.",
                self.added,
            )
        elif unsaid and self.savepoint is not None and not self.unit.is_untouched:
            logger.warning(
                "`async with outbox` ended without a commit: what was written within it is undone. Call `await "
                "outbox.commit(session)` before its end, or rollback() if that is meant."
            )
        if self.savepoint is not None:
            if error is None and not self.committed:
                kind, error = _NotCommitted, _NotCommitted()
            await self.savepoint.__aexit__(kind, error, traceback)
            return
        try:
            if error is None and self.unit.is_open:
                await self.unit.rollback()
        finally:
            await self.unit.__aexit__(kind, error, traceback)


_entered: ContextVar[tuple[Entered, ...]] = turn_variable("cqrs_entered_outboxes", outside=())


async def enter(owner: object, opened_by: Callable[[], UnitOfWork], unit: UnitOfWork | None) -> Entered:
    """Join ``unit``, which is open, or open one."""
    savepoint = None
    if unit is None:
        unit = await opened_by().__aenter__()
    else:
        savepoint = unit.savepoint()
        await savepoint.__aenter__()
    try:
        session = unit.session
    except BaseException as error:
        await (unit if savepoint is None else savepoint).__aexit__(type(error), error, error.__traceback__)
        raise
    entered = Entered(owner, unit, session, savepoint)
    _entered.set((*_entered.get(), entered))
    return entered


async def leave(kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
    """Leave what was entered last."""
    *others, last = _entered.get()
    _entered.set(tuple(others))
    await last.leave(kind, error, traceback)


def innermost(owner: object, session: Any = None) -> Entered | None:
    """What ``owner`` entered last, with ``session`` if one is given."""
    for entered in reversed(_entered.get()):
        if entered.owner is owner and (session is None or entered.session is session):
            return entered
    return None
