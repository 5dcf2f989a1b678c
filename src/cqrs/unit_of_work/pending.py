"""Step 4, what a unit of work keeps in memory until its end: what is to be called, what is to be read, and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.errors.transactions import AfterCommitError, UnitOfWorkStateError
from cqrs.unit_of_work.journal import Info, Journal
from cqrs.unit_of_work.stack import without

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping


class InMemory:
    """All of it is undone with the savepoint that it was noted in."""

    _journal: Journal | None = None
    _info: Info | None = None
    _before: list[Callable[[], Awaitable[None]]] | None = None
    _after: list[Callable[[], Awaitable[None]]] | None = None
    _unread: dict[int, Any] | None = None

    def must_be_usable(self, wanted: str) -> None:
        """Raise where ``wanted`` cannot be had."""

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

        It is forgotten if the transaction, or the savepoint around this call, is rolled back. All of them are called,
        unless the task is cancelled; if some fail, the code that leaves the unit of work gets an ``AfterCommitError``:
        the commit stands.
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
        """The recorders whose events have not been read so far, by their identity."""
        return frozenset(self._unread or ())

    def must_have_been_read(self, but: frozenset[int] = frozenset()) -> None:
        """Raise ``UnitOfWorkStateError`` if a recorder has events that nobody has read at the end of the turn.

        Those of ``but`` had some before it began.
        """
        for known, recorder in (self._unread or {}).items():
            recorded: Any = getattr(recorder, "_cqrs_unread", None)
            if known in but or not recorded:
                continue
            raise UnitOfWorkStateError(
                f"{type(recorder).__qualname__} has recorded events that nobody reads, so they would be lost: events "
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
        with without(lambda unit: unit is self):
            for callback in waiting:
                try:
                    await callback()
                except Exception as error:  # noqa: BLE001  # raised below: one callback must not cost the others theirs
                    errors.append(error)
        if errors:
            raise AfterCommitError(errors) from errors[0]
