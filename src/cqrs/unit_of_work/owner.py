"""Step 4: the owner of a unit of work, which is the task or stream that it was opened in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import current_run, runner, running_task, runs_in
from cqrs.errors.transactions import OtherTask, SecondTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.unit_of_work.stack import any_unit_entered, entered_units

if TYPE_CHECKING:
    from contextvars import Token

    from cqrs._tasks.running import StreamRun


class _JoinedStream:
    """A stream that has joined the unit, and whether other code has used the transaction since (``is_crossed``)."""

    def __init__(self, run: StreamRun) -> None:
        self.run = run
        self.is_crossed = False


class TaskOwned:
    """The part of a unit of work that knows which task or stream may use it."""

    _open = False
    _ended: str | None = None
    _units: Token[tuple[Any, ...]] | None = None
    _owner: Any = None
    _streams: tuple[_JoinedStream, ...] = ()

    @property
    def place(self) -> Any:
        """Identifies its database: units of work of the same database have equal places. ``None`` if unknown."""
        return None

    @property
    def database(self) -> str:
        """The name of the database, for texts that people read."""
        return "this unit of work"

    @property
    def is_open(self) -> bool:
        """Whether something can be written: it was neither committed nor rolled back."""
        return self._open

    @property
    def is_around(self) -> bool:
        """Whether the caller runs in its block. A task that was started there does so as long as the unit is open."""
        return self._open or (self._units is not None and self.is_here)

    def enter(self) -> None:
        """Make this the unit of work that the code of this task runs in, until :meth:`leave`."""
        units = entered_units.get()
        if units:
            self._must_fit_among(units)
        if self._units is not None:
            raise SecondTransaction(
                "This unit of work was opened a second time", self.database, "Make a new one for each transaction."
            )
        if self._ended is not None:
            self._forget_the_last_time()
        if not any_unit_entered:
            any_unit_entered.append(True)
        self._open = True
        this: Any = self
        self._units = entered_units.set((*units, this) if units else (this,))

    def remember_owner(self) -> None:
        """Remember the running task as the owner, unless it is known already or this is not the task that opened it.

        This is done when the unit is first used: every turn opens a unit, and finding out the task would double the
        cost of that. The opening task is recognised by the token of a context variable, which is valid only in the
        context where it was made, and not in tasks that were started there.
        """
        if self._owner is not None or self._units is None:
            return
        now = entered_units.get()
        try:
            entered_units.reset(self._units)
        except ValueError:
            return
        this: Any = self
        self._units = entered_units.set((*entered_units.get(), this))
        entered_units.set(now)
        self._owner = runner()

    def leave(self) -> None:
        """End what :meth:`enter` began."""
        token, self._units, self._open = self._units, None, False
        if self._ended is None:
            self._ended = "its block was left"
        if token is not None:
            try:
                entered_units.reset(token)
            except ValueError:  # it is left in another context, as by a fixture or a dependency with a yield
                entered_units.set(tuple(unit for unit in entered_units.get() if unit is not self))

    def must_be_usable(self, wanted: str) -> None:
        """Raise ``TransactionEnded`` after the end, and ``OtherTask`` in another task than the owner.

        ``wanted`` names what the caller asks for, for the text of the error.
        """
        task = running_task()
        if self._open and not self._streams and self._owner is task and task is not None:
            return  # the common case, which is fast because each use of a session comes here
        self._must_be_open()
        self.remember_owner()
        if self._owner is None or not runs_in(self._owner):
            raise OtherTask(wanted)
        for stream in self._streams:
            stream.is_crossed = stream.is_crossed or not runs_in(stream.run)

    def _joined_stream(self) -> _JoinedStream | None:
        """If this is the turn of a stream, register that it has joined, and return that."""
        run = current_run.get()
        if run is None or run is self._owner or any(stream.run is run for stream in self._streams):
            return None
        stream = _JoinedStream(run)
        self._streams = (*self._streams, stream)
        return stream

    def _stream_ends(self, stream: _JoinedStream | None) -> None:
        if stream is not None:
            self._streams = tuple(other for other in self._streams if other is not stream)

    @property
    def is_here(self) -> bool:
        """Whether the caller runs in the owner of the unit."""
        self.remember_owner()
        return self._owner is not None and runs_in(self._owner)

    def _must_be_open(self) -> None:
        if not self._open:
            raise UnitOfWorkStateError if self._ended is None else TransactionEnded(self._ended)

    def _must_fit_among(self, units: tuple[Any, ...]) -> None:
        """Raise ``SecondTransaction`` if this must not be opened within ``units``."""

    def _forget_the_last_time(self) -> None:
        self._owner = self._ended = None
        self._streams = ()
