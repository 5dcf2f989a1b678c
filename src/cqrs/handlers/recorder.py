"""Step 3: handlers record events, and the engine takes them after the handler has returned."""

from __future__ import annotations

import datetime as dt
import inspect
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID
from weakref import WeakKeyDictionary

from cqrs._introspection.annotations import own_annotations
from cqrs._introspection.callables import named_parameters
from cqrs.errors.events import EventClassRecorded, EventsKeptElsewhere, NoEvent
from cqrs.handlers.shared import any_handler_shared, holder_of_events, recorded_by
from cqrs.unit_of_work.stack import any_unit_entered, entered_units

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_COLLECTIONS = (type(None), list, set, frozenset, dict, deque, Iterator, AsyncIterator, Coroutine)
_VALUES = {
    str,
    bytes,
    bytearray,
    bool,
    int,
    float,
    complex,
    Decimal,
    UUID,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
}
_event_classes: set[type] = set()  # the classes that have been checked


def must_be_an_event(event: Any) -> None:
    """Raise ``EventClassRecorded`` or ``NoEvent`` if ``event`` surely is no event."""
    kind: Any = event.__class__
    if isinstance(event, type):
        raise EventClassRecorded(event)
    if isinstance(event, _COLLECTIONS) or kind is tuple or kind in _VALUES:
        if isinstance(event, Coroutine):
            event.close()  # else Python would warn about it, too
        raise NoEvent(kind)
    _event_classes.add(kind)


class EventRecorder:
    """Records events. It is the base of every handler class, and is passed to handler functions that ask for it.

    A handler class calls ``self.record(OrderPlaced(...))``. A handler function takes a parameter annotated
    ``EventRecorder`` and calls ``events.record(OrderPlaced(...))`` on it. A class may instead keep a list of its own
    and return it from a property ``events``. Events of a handler that raises are dropped.
    """

    # All names here begin with _cqrs, so that they do not clash with attributes and fields of subclasses.
    _cqrs_handles: ClassVar[str | None] = None  # "requests" or "events", set by the base classes of handlers
    _cqrs_keeps_events: ClassVar[bool] = False  # it has a property `events` of its own
    _cqrs_recorded: Any = ()  # shared and empty until the first event, so that it costs nothing without events

    def record(self, *events: Any) -> None:
        """Record ``events``. They are handled, in this order, after the handler has returned.

        Raises ``EventClassRecorded`` for a class in place of an event; ``NoEvent`` for ``None``, a text, a number, or
        a list, a generator or other object that holds events; and ``EventsKeptElsewhere`` in a handler whose own
        property ``events`` does not return what is recorded here.
        """
        for event in events:
            if event.__class__ not in _event_classes:
                must_be_an_event(event)
        holder: Any = self if not any_handler_shared else holder_of_events(self)
        name = "_events" if self._cqrs_keeps_events else "_cqrs_recorded"
        try:
            getattr(holder, name).extend(events)
        except AttributeError:  # a tuple, such as the shared one
            object.__setattr__(holder, name, [*getattr(holder, name, ()), *events])  # works for a frozen dataclass
        if any_unit_entered and entered_units.get():
            _undo_with_savepoint(holder, events)
        if self._cqrs_keeps_events and len(self.events) < len(getattr(self, name)):
            raise EventsKeptElsewhere(type(self))

    if TYPE_CHECKING:  # read-only, so that subclasses may override it with any sequence

        @property
        def events(self) -> Sequence[Any]:
            """The events that were recorded and not yet taken by the engine."""
            ...

    def clear_events(self) -> None:
        """Drop the recorded events. The engine calls this when it has taken them, in a stream after each chunk."""
        recorded: Any = self.events if self._cqrs_keeps_events else recorded_by(self)
        if isinstance(recorded, list):
            recorded.clear()

    @property
    def _cqrs_unread(self) -> Any:
        return getattr(self, "_events", ()) if self._cqrs_keeps_events else self._cqrs_recorded

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__.get("events", Events)
        annotated = own_annotations(cls)
        if own is Events or ("events" in annotated and not isinstance(own, property)):
            return  # `events` is a field
        cls._cqrs_keeps_events = True
        if not hasattr(cls, "_events") and "_events" not in annotated:
            setattr(cls, "_events", ())  # noqa: B010  # a property may return it before anything is assigned
        if isinstance(own, property) and own.fset is None:
            # handlers often set `self.events = []` in their constructor although the property is read-only
            setattr(cls, "events", own.setter(_set_events))  # noqa: B010  # for a type checker it stays read-only


def _undo_with_savepoint(holder: Any, events: Sequence[Any]) -> None:
    taken_back: list[bool] = []

    def take_back() -> None:
        if taken_back:  # already done by an inner unit of work
            return
        taken_back.append(True)
        recorded = holder._cqrs_unread  # noqa: SLF001  # as in _set_events
        for undone in reversed(events):  # if an event was recorded several times, earlier ones stay
            place = next((n for n in reversed(range(len(recorded))) if recorded[n] is undone), None)
            if place is not None:
                del recorded[place]

    for unit in entered_units.get():
        if unit.is_open:
            unit.note_unread(holder, take_back)


def _set_events(recorder: Any, events: Sequence[Any]) -> None:
    recorder._events = events  # noqa: SLF001  # the setter of this class


class Events:
    """The attribute ``events`` of a recorder: the recorded events, unless its class uses the name otherwise."""

    def __get__(self, recorder: Any, owner: type) -> Any:
        if recorder is None:
            if _annotates_events(owner):  # else a dataclass would take this descriptor for the default of a field
                raise AttributeError("events")
            return self
        own = recorder.__dict__
        if "events" in own:
            return own["events"]
        return recorded_by(recorder)

    def __set__(self, recorder: Any, value: Any) -> None:
        own: dict[str, Any] = recorder.__dict__
        owner: Any = type(recorder)  # pyright: ignore[reportUnknownVariableType]  # any recorder
        if isinstance(value, list | tuple) and not _is_given_events(owner):
            own["_cqrs_recorded"] = value  # a handler may assign a list of events of its own
        else:
            own["events"] = value


if not TYPE_CHECKING:
    EventRecorder.events = Events()


def _annotates_events(cls: type) -> bool:
    bases = (c for c in cls.__mro__ if c.__module__ != __name__)
    return any("events" in own_annotations(c) for c in bases)


_given_events: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def _is_given_events(cls: type) -> bool:
    """Whether ``events`` is a required parameter of the constructor, so that its value is the application's own."""
    if cls not in _given_events:
        parameters = {p.name: p for p in named_parameters(cls.__init__)}  # type: ignore[misc]  # of the class itself
        given = parameters.get("events")
        _given_events[cls] = given is not None and given.default is given.empty
    return _given_events[cls]


def misused_name(handler_type: type) -> tuple[str, str] | None:
    """Return problem and remedy if a handler class uses a name in a way that cannot work, or ``None``."""
    if inspect.isroutine(next((vars(c)["events"] for c in handler_type.__mro__ if "events" in vars(c)), None)):
        return "its `events` is a method", "Name it otherwise, or make it a property that returns the recorded events"
    fields: Any = getattr(handler_type, "__dataclass_fields__", ())
    for name in fields:
        if any(inspect.isroutine(vars(c).get(name)) for c in handler_type.__mro__):
            return f"its field {name} has the name of one of its methods", "Name it otherwise"
    return None


def events_of(handler_type: type) -> Callable[[Any], Sequence[Any]]:
    """Return the fastest function that returns the recorded events of a handler of this type.

    It is called for every request and every chunk.
    """
    if not getattr(handler_type, "_cqrs_keeps_events", True):
        return attrgetter("_cqrs_recorded")
    return attrgetter("events") if hasattr(handler_type, "events") else lambda handler: getattr(handler, "events", ())


class EventDrain:
    """Takes the events that one handler has recorded since the last call, however the handler stores them.

    Lists are cleared by the handler's ``clear_events``. If the events cannot be cleared, because the handler returns a
    copy or a tuple, the next call skips those that were taken, so that no event is taken twice.
    """

    __slots__ = ("_events", "_handler", "_seen")

    def __init__(self, handler: Any, events: Callable[[Any], Sequence[Any]] = attrgetter("events")) -> None:
        self._handler = handler
        self._events = events
        self._seen = 0

    def take(self, recorded: Sequence[Any]) -> Sequence[Any]:
        """Return what has been added since the last call to ``recorded``, the events of the handler.

        The caller reads them from the handler once: reading may already remove them there.
        """
        if len(recorded) <= self._seen:
            return ()
        taken = [*recorded][self._seen :]
        for unit in entered_units.get() if any_unit_entered else ():
            unit.note_read(self._handler)
        clear = getattr(self._handler, "clear_events", None)
        if clear is not None:
            clear()
        self._seen = len(self._events(self._handler))
        return taken
