"""Step 3, how a handler says what happened: it records events, and the engine takes them when it has returned."""

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

from typing_extensions import Format, get_annotations

from cqrs._introspection.callables import named_parameters
from cqrs.errors.events import EventClassRecorded, EventsKeptElsewhere, NoEvent
from cqrs.handlers.shared import ever_shared, keeper_for, recorded_by
from cqrs.unit_of_work.stack import entered, ever_entered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_HOLDERS = (type(None), list, set, frozenset, dict, deque, Iterator, AsyncIterator, Coroutine)
_PLAIN = {str, bytes, bytearray, bool, int, float, complex, Decimal, UUID, dt.date, dt.datetime, dt.time, dt.timedelta}
_EVENTS: set[type] = set()  # the classes that have been looked at


def must_be_an_event(event: Any) -> None:
    """Raise ``EventClassRecorded`` or ``NoEvent`` if nothing can have meant this as an event."""
    kind: Any = event.__class__
    if isinstance(event, type):
        raise EventClassRecorded(event)
    if isinstance(event, _HOLDERS) or kind is tuple or kind in _PLAIN:
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

    # A subclass may use any other name for what is its own, a field of a dataclass too: none of ours clashes with it.
    _cqrs_handles: ClassVar[str | None] = None  # "requests" or "events", where a base class says so
    _cqrs_keeps_events: ClassVar[bool] = False  # it has a property `events` of its own
    _cqrs_recorded: Any = ()  # shared and empty until the first event, so that a handler that records none pays nothing

    def record(self, *events: Any) -> None:
        """Take note that ``events`` happened; they are handled, in this order, after the handler has returned.

        Raises ``EventClassRecorded`` for a class in place of an event, ``NoEvent`` for ``None``, a text or a number,
        for a list, a generator or whatever else holds events, and ``EventsKeptElsewhere`` in a handler whose own
        property ``events`` does not show what is recorded here.
        """
        for event in events:
            if event.__class__ not in _EVENTS:
                must_be_an_event(event)
        keeper: Any = self if not ever_shared else keeper_for(self)
        name = "_events" if self._cqrs_keeps_events else "_cqrs_recorded"
        try:
            getattr(keeper, name).extend(events)
        except AttributeError:  # a tuple, such as the shared one
            object.__setattr__(keeper, name, [*getattr(keeper, name, ()), *events])  # it may be a frozen dataclass
        if ever_entered and entered.get():
            _undone_with_its_savepoint(keeper, events)
        if self._cqrs_keeps_events and len(self.events) < len(getattr(self, name)):
            raise EventsKeptElsewhere(type(self))

    if TYPE_CHECKING:  # read-only, so that subclasses may override it with any sequence

        @property
        def events(self) -> Sequence[Any]:
            """What has been recorded and not yet been taken by the engine."""
            ...

    def clear_events(self) -> None:
        """Forget what has been recorded. A streaming handler is asked to after each chunk."""
        recorded: Any = self.events if self._cqrs_keeps_events else recorded_by(self)
        if isinstance(recorded, list):
            recorded.clear()

    @property
    def _cqrs_unread(self) -> Any:
        return getattr(self, "_events", ()) if self._cqrs_keeps_events else self._cqrs_recorded

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__.get("events", Events)
        annotated = get_annotations(cls, format=Format.FORWARDREF)
        if own is Events or ("events" in annotated and not isinstance(own, property)):
            return  # a field
        cls._cqrs_keeps_events = True
        if not hasattr(cls, "_events") and "_events" not in annotated:
            setattr(cls, "_events", ())  # noqa: B010  # a property may return it before anything is assigned
        if isinstance(own, property) and own.fset is None:
            # `self.events = []` in a constructor beside a read-only property is a common way to write a handler
            setattr(cls, "events", own.setter(_set_events))  # noqa: B010  # for a type checker it stays read-only


def _undone_with_its_savepoint(keeper: Any, events: Sequence[Any]) -> None:
    taken_back: list[bool] = []

    def take_back() -> None:
        if taken_back:  # with the innermost of several units
            return
        taken_back.append(True)
        recorded = keeper._cqrs_unread  # noqa: SLF001  # as in _set_events
        for undone in reversed(events):  # the last of those that are the same: what came before stays
            place = next((n for n in reversed(range(len(recorded))) if recorded[n] is undone), None)
            if place is not None:
                del recorded[place]

    for unit in entered.get():
        if unit.is_open:
            unit.expects_reading(keeper, take_back)


def _set_events(recorder: Any, events: Sequence[Any]) -> None:
    recorder._events = events  # noqa: SLF001  # the setter of this class


class Events:
    """The attribute ``events`` of a recorder: what was recorded, unless its class uses the name for something else."""

    def __get__(self, recorder: Any, owner: type) -> Any:
        if recorder is None:
            if _annotates_events(owner):  # it is no default of a field that a dataclass may take it for
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
            own["_cqrs_recorded"] = value  # a handler may keep them in a list that it assigns
        else:
            own["events"] = value


if not TYPE_CHECKING:
    EventRecorder.events = Events()


def _annotates_events(cls: type) -> bool:
    bases = (c for c in cls.__mro__ if c.__module__ != __name__)
    return any("events" in get_annotations(c, format=Format.FORWARDREF) for c in bases)


_given_events: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def _is_given_events(cls: type) -> bool:
    """Whether ``events`` is something that the application gives to each object of the class."""
    if cls not in _given_events:
        parameters = {p.name: p for p in named_parameters(cls.__init__)}  # type: ignore[misc]  # of the class itself
        given = parameters.get("events")
        _given_events[cls] = given is not None and given.default is given.empty
    return _given_events[cls]


def misused_name(handler_type: type) -> tuple[str, str] | None:
    """What a handler class has named so that it cannot work, and what to change."""
    if inspect.isroutine(next((vars(c)["events"] for c in handler_type.__mro__ if "events" in vars(c)), None)):
        return "its `events` is a method", "Name it otherwise, or make it a property that returns the recorded events"
    fields: Any = getattr(handler_type, "__dataclass_fields__", ())
    for name in fields:
        if any(inspect.isroutine(vars(c).get(name)) for c in handler_type.__mro__):
            return f"its field {name} has the name of one of its methods", "Name it otherwise"
    return None


def events_of(handler_type: type) -> Callable[[Any], Sequence[Any]]:
    """The quickest look at what a handler of this type has recorded; it is taken for every request and every chunk."""
    if not getattr(handler_type, "_cqrs_keeps_events", True):
        return attrgetter("_cqrs_recorded")
    return attrgetter("events") if hasattr(handler_type, "events") else lambda handler: getattr(handler, "events", ())


class EventDrain:
    """Takes from one handler what it has recorded since the last time, whatever way the handler keeps it.

    Lists are cleared through the handler's ``clear_events``. A handler whose events cannot be cleared (it returns a
    copy or a tuple) is read on from where the last reading ended, so nothing is taken twice.
    """

    __slots__ = ("_events", "_handler", "_seen")

    def __init__(self, handler: Any, events: Callable[[Any], Sequence[Any]] = attrgetter("events")) -> None:
        self._handler = handler
        self._events = events
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
        self._seen = len(self._events(self._handler))
        return taken
