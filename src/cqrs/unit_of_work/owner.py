"""Step 4, where a unit of work is open: in one task, or in one stream, and in the code that runs there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import current_run, runner, running_task, runs_in
from cqrs.errors.transactions import OtherTask, SecondTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.unit_of_work.stack import entered, ever_entered

if TYPE_CHECKING:
    from contextvars import Token

    from cqrs._tasks.running import StreamRun


class _JoinedStream:
    """The stream of a turn that has joined, and whether others used the transaction while it was open."""

    def __init__(self, run: StreamRun) -> None:
        self.run = run
        self.is_crossed = False


class OfOneTask:
    """What a unit of work knows of the code that it is open for."""

    _open = False
    _ended: str | None = None
    _units: Token[tuple[Any, ...]] | None = None
    _owner: Any = None
    _streams: tuple[_JoinedStream, ...] = ()

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
    def is_around(self) -> bool:
        """Whether this code runs in its block. A task that was started there does as long as the unit is open."""
        return self._open or (self._units is not None and self.is_here)

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
        if not ever_entered:
            ever_entered.append(True)
        self._open = True
        this: Any = self
        self._units = entered.set((*units, this) if units else (this,))

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
        this: Any = self
        self._units = entered.set((*entered.get(), this))
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

    def must_be_usable(self, wanted: str) -> None:
        """Raise ``TransactionEnded`` after the end, ``OtherTask`` where another task than the unit's runs."""
        task = running_task()
        if self._open and not self._streams and self._owner is task and task is not None:
            return  # as nearly always; this is asked for each use of a session
        self._must_be_open()
        self.settle()
        if self._owner is None or not runs_in(self._owner):
            raise OtherTask(wanted)
        for stream in self._streams:
            stream.is_crossed = stream.is_crossed or not runs_in(stream.run)

    def _joined_stream(self) -> _JoinedStream | None:
        """Note that a stream has joined, if this is the turn of one."""
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
        """Whether the code that asks runs where the unit is open."""
        self.settle()
        return self._owner is not None and runs_in(self._owner)

    def _must_be_open(self) -> None:
        if not self._open:
            raise UnitOfWorkStateError if self._ended is None else TransactionEnded(self._ended)

    def _must_fit_among(self, units: tuple[Any, ...]) -> None:
        """Raise ``SecondTransaction`` if this must not be opened within ``units``."""

    def _forget_the_last_time(self) -> None:
        self._owner = self._ended = None
        self._streams = ()
