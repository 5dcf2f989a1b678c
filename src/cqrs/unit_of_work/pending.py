"""Step 4: what a unit of work keeps in memory until its end: callbacks, notes, and recorders with unread events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.errors.transactions import AfterCommitError, UnitOfWorkStateError
from cqrs.unit_of_work.journal import Info, Journal
from cqrs.unit_of_work.stack import hidden_units

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping


class PendingWork:
    """The part of a unit of work that is kept in memory. It is undone together with the savepoint it was added in."""

    _journal: Journal | None = None
    _info: Info | None = None
    _before: list[Callable[[], Awaitable[None]]] | None = None
    _after: list[Callable[[], Awaitable[None]]] | None = None
    _unread: dict[int, Any] | None = None

    def must_be_usable(self, wanted: str) -> None:
        """Raise if the unit cannot be used here; ``wanted`` names what the caller asks for."""

    @property
    def journal(self) -> Journal:
        """The functions that undo what is kept in memory when a savepoint is undone."""
        if self._journal is None:
            self._journal = Journal()
        return self._journal

    @property
    def info(self) -> MutableMapping[Any, Any]:
        """A dictionary for data of this transaction. Changes are undone with the savepoint they were made in."""
        if self._info is None:
            self._info = Info(self.journal)
        return self._info

    def before_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await ``callback`` right before the commit, after those that were registered earlier; it may still write.

        If it raises, the commit fails. It is not called if the transaction, or the savepoint around this call, is
        rolled back.
        """
        self.must_be_usable("before_commit")
        self._before = self._noted(self._before, callback)

    def after_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await ``callback`` after the commit has succeeded, after those that were registered earlier.

        It is not called if the transaction, or the savepoint around this call, is rolled back. All callbacks are
        called, unless the task is cancelled. If some fail, leaving the unit of work raises ``AfterCommitError``; the
        transaction stays committed.
        """
        self.must_be_usable("after_commit")
        self._after = self._noted(self._after, callback)

    def note_unread(self, recorder: Any, undo: Callable[[], None]) -> None:
        """Register that ``recorder`` has events that must be read before the commit; ``undo`` removes them."""
        unread = self._unread = {} if self._unread is None else self._unread
        known = id(recorder) in unread
        unread[id(recorder)] = recorder

        def take_back() -> None:
            undo()
            if not known:
                unread.pop(id(recorder), None)

        self.journal.note(take_back)

    def note_read(self, recorder: Any) -> None:
        """Register that the events of ``recorder`` have been read."""
        if self._unread is not None:
            self._unread.pop(id(recorder), None)

    def _noted(
        self, callbacks: list[Callable[[], Awaitable[None]]] | None, callback: Callable[[], Awaitable[None]]
    ) -> list[Callable[[], Awaitable[None]]]:
        callbacks = [] if callbacks is None else callbacks
        callbacks.append(callback)
        self.journal.note(lambda: callbacks.remove(callback) if callback in callbacks else None)
        return callbacks

    async def _call_before_commit(self) -> None:
        while self._before:
            waiting, self._before = self._before, None
            for callback in waiting:
                await callback()

    @property
    def unread(self) -> frozenset[int]:
        """The ids of the recorders whose events have not been read so far."""
        return frozenset(self._unread or ())

    def require_all_read(self, but: frozenset[int] = frozenset()) -> None:
        """Raise ``UnitOfWorkStateError`` if a recorder has events that were not read by the end of the turn.

        Recorders in ``but`` are ignored: they had events before the turn began.
        """
        for known, recorder in (self._unread or {}).items():
            recorded: Any = getattr(recorder, "_cqrs_unread", None)
            if known in but or not recorded:
                continue
            raise UnitOfWorkStateError(
                f"{type(recorder).__qualname__} has recorded events that are not read, so they would be lost: events "
                "are read from the handlers that the mediator calls. Send a request in place of calling another "
                "handler, and take an EventRecorder as a parameter of the handler function only."
            )

    def _take_back(self) -> None:
        if self._journal is not None:
            self._journal.undo_to(0)
        self._before = self._after = self._unread = None

    def _forget_what_waits(self) -> None:
        self._journal = self._info = self._before = self._after = self._unread = None

    async def _call_after_commit(self) -> None:
        waiting, self._after = self._after, None
        if not waiting:
            return
        errors: list[Exception] = []
        with hidden_units(lambda unit: unit is self):
            for callback in waiting:
                try:
                    await callback()
                except Exception as error:  # noqa: BLE001  # raised below, after the other callbacks were called
                    errors.append(error)
        if errors:
            raise AfterCommitError(errors) from errors[0]
