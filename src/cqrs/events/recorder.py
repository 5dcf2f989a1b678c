"""Step 3, how a handler says what happened: it records events, and the engine takes them when it has returned."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from cqrs.errors.events import EventClassRecorded, EventsKeptElsewhere, NoEvent
from cqrs.unit_of_work.stack import entered, ever_entered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_HOLDERS = (type(None), list, set, frozenset, dict, deque, Iterator, AsyncIterator, Coroutine)
_EVENTS: set[type] = set()  # the classes that have been looked at


def must_be_an_event(event: Any) -> None:
    """Raise ``EventClassRecorded`` or ``NoEvent`` if nothing can have meant this as an event."""
    kind: Any = event.__class__
    if isinstance(event, type):
        raise EventClassRecorded(event)
    if isinstance(event, _HOLDERS) or kind is tuple:
        if isinstance(event, Coroutine):
            event.close()  # it is told about here, and not by a warning
        raise NoEvent(kind)
    _EVENTS.add(kind)


class EventRecorder:
    """Something that records events; the base of every handler class, and what a handler function asks for.

    A handler class calls ``self.record(OrderPlaced(...))``. A handler function takes a parameter annotated
    ``EventRecorder`` and calls ``events.record(OrderPlaced(...))`` on it. A class may instead keep a list of its own
    and return it from a property ``events``. What is recorded by a handler that raises goes nowhere.
    """

    _handles: ClassVar[str | None] = None  # "requests" or "events", where a base class says so
    _events: Any = ()  # shared and empty until the first event, so that a handler that records none pays nothing

    def record(self, *events: Any) -> None:
        """Take note that ``events`` happened; they are handled, in this order, after the handler has returned.

        Raises ``EventClassRecorded`` for a class in place of an event, ``NoEvent`` for ``None`` and for a list, a
        generator or whatever else holds events, and ``EventsKeptElsewhere`` in a handler whose own property ``events``
        does not show what is recorded here.
        """
        for event in events:
            if event.__class__ not in _EVENTS:
                must_be_an_event(event)
        try:
            self._events.extend(events)
        except AttributeError:  # a tuple, such as the shared one
            object.__setattr__(self, "_events", [*self._events, *events])  # the handler may be a frozen dataclass
        if ever_entered and entered.get():
            _undone_with_its_savepoint(self, events)
        if type(self).events is not EventRecorder.events and len(self.events) < len(self._events):
            raise EventsKeptElsewhere(type(self))

    @property
    def events(self) -> Sequence[Any]:
        """What has been recorded and not yet been taken by the engine."""
        recorded: Sequence[Any] = self._events
        return recorded

    def clear_events(self) -> None:
        """Forget what has been recorded. A streaming handler is asked to after each chunk."""
        recorded = self.events
        if isinstance(recorded, list):
            recorded.clear()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__.get("events")
        if isinstance(own, property) and own.fset is None:
            # `self.events = []` in a constructor beside a read-only property is a common way to write a handler
            setattr(cls, "events", own.setter(_set_events))  # noqa: B010  # for a type checker it stays read-only


def _undone_with_its_savepoint(recorder: EventRecorder, events: Sequence[Any]) -> None:
    taken_back: list[bool] = []

    def take_back() -> None:
        if taken_back:  # with the innermost of several units
            return
        taken_back.append(True)
        recorded = recorder._events  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as in _set_events
        for undone in reversed(events):  # the last of those that are the same: what came before stays
            place = next((n for n in reversed(range(len(recorded))) if recorded[n] is undone), None)
            if place is not None:
                del recorded[place]

    for unit in entered.get():
        if unit.is_open:
            unit.expects_reading(recorder, take_back)


def _set_events(recorder: EventRecorder, events: Sequence[Any]) -> None:
    recorder._events = events  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the setter of this class


if not TYPE_CHECKING:  # for a type checker it stays read-only, so that subclasses may override it with any sequence
    EventRecorder.events = EventRecorder.events.setter(_set_events)


def events_of(handler_type: type) -> Callable[[Any], Sequence[Any]]:
    """The quickest look at what a handler of this type has recorded; it is taken for every request and every chunk."""
    if getattr(handler_type, "events", None) is EventRecorder.events:
        return attrgetter("_events")
    return attrgetter("events") if hasattr(handler_type, "events") else lambda handler: getattr(handler, "events", ())


class EventDrain:
    """Takes from one handler what it has recorded since the last time, whatever way the handler keeps it.

    Lists are cleared through the handler's ``clear_events``. A handler whose events cannot be cleared (it returns a
    copy or a tuple) is read on from where the last reading ended, so nothing is taken twice.
    """

    __slots__ = ("_handler", "_seen")

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._seen = 0

    def take(self, recorded: Sequence[Any]) -> Sequence[Any]:
        """What has been added since the last call, of what the handler has ``recorded``.

        It is read once, by the caller: a handler may give its events away when they are read.
        """
        if len(recorded) <= self._seen:
            return ()
        taken = [*recorded][self._seen :]
        for unit in entered.get() if ever_entered else ():
            unit.has_read(self._handler)
        clear = getattr(self._handler, "clear_events", None)
        if clear is not None:
            clear()
        self._seen = len(self._handler.events)
        return taken
