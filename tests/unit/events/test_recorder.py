from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any

import pytest

from cqrs.errors import EventClassRecorded, EventsKeptElsewhere
from cqrs.handlers.recorder import EventDrain, EventRecorder, events_of


class Said(str):
    """An event of a class of one's own; a text that is nothing else is none."""

    __slots__ = ()


class Count(int):
    """Another one."""

    __slots__ = ()


class Plain(EventRecorder):
    def add(self, event: object) -> None:
        self.record(event)


class OwnList(EventRecorder):
    def __init__(self) -> None:
        self._own: list[object] = []

    @property
    def events(self) -> list[object]:
        return self._own

    def add(self, event: object) -> None:
        self._own.append(event)


class AssignsBesideProperty(EventRecorder):
    def __init__(self) -> None:
        self.events: list[object] = []  # type: ignore[misc]

    @property
    def events(self) -> list[object]:
        return self._events

    def add(self, event: object) -> None:
        self._events.append(event)


class AssignsInherited(EventRecorder):
    def __init__(self) -> None:
        self.events: list[object] = []  # type: ignore[misc]

    def add(self, event: object) -> None:
        self.events.append(event)


class ReturnsCopy(OwnList):
    @property
    def events(self) -> list[object]:
        return self._own.copy()


class ReturnsCopyAndClears(ReturnsCopy):
    def clear_events(self) -> None:
        self._own.clear()


class ReturnsTuple(OwnList):
    @property
    def events(self) -> Any:
        return tuple(self._own)


@dataclasses.dataclass(frozen=True)
class FrozenHandler(Plain):
    dependency: int = 1


class ReturnsDeque(OwnList):
    @property
    def events(self) -> Any:
        return deque(self._own)


class GivesAwayWhatIsRead(OwnList):
    @property
    def events(self) -> Any:
        given, self._own = self._own, []
        return given


class AssignsTuple(EventRecorder):
    def __init__(self) -> None:
        self.events: tuple[object, ...] = ()  # type: ignore[misc]

    def add(self, event: object) -> None:
        self.events = (*self.events, event)  # type: ignore[misc]


class NotARecorder:
    def __init__(self) -> None:
        self.events: list[object] = []

    def add(self, event: object) -> None:
        self.events.append(event)


@pytest.mark.parametrize(
    "kind",
    [
        Plain,
        OwnList,
        AssignsBesideProperty,
        AssignsInherited,
        ReturnsCopy,
        ReturnsCopyAndClears,
        ReturnsTuple,
        FrozenHandler,
        ReturnsDeque,
        GivesAwayWhatIsRead,
        AssignsTuple,
        NotARecorder,
    ],
)
def test_every_event_is_taken_once_however_the_handler_keeps_it(kind: Any) -> None:
    handler = kind()
    drain = EventDrain(handler)
    assert list(drain.take(handler.events)) == []
    taken: list[object] = []
    for chunk in ([1, 2], [], [3], [4, 5, 6]):
        for event in chunk:
            handler.add(Count(event))
        taken += drain.take(handler.events)
    assert taken == [1, 2, 3, 4, 5, 6]
    assert list(drain.take(handler.events)) == []


def test_a_handler_without_events_has_none_to_take() -> None:
    assert list(EventDrain(object()).take(events_of(object)(object()))) == []


def test_recording_does_not_leak_into_other_instances() -> None:
    first, second = Plain(), Plain()
    first.record(Said("a"), Said("b"))
    assert list(first.events) == ["a", "b"]
    assert list(second.events) == []


def test_recorded_events_join_those_that_the_handler_has_assigned() -> None:
    handler, mine = AssignsInherited(), ["mine"]
    handler.events = mine  # type: ignore[misc]
    handler.record(Said("recorded"))
    mine.append("mine again")
    assert list(handler.events) == ["mine", "recorded", "mine again"]


def test_an_empty_list_that_the_handler_has_assigned_stays_its_list() -> None:
    handler = AssignsInherited()
    mine = handler.events
    handler.record(Said("recorded"))
    assert mine == ["recorded"]


def test_recording_goes_on_from_an_assigned_tuple() -> None:
    handler = AssignsTuple()
    handler.add(Said("assigned"))
    handler.record(Said("recorded"))
    assert list(handler.events) == ["assigned", "recorded"]


def test_a_setter_that_the_handler_has_written_is_kept() -> None:
    class Counting(EventRecorder):
        assigned = 0

        @property
        def events(self) -> list[object]:
            return self._own

        @events.setter
        def events(self, events: list[object]) -> None:
            self.assigned += 1
            self._own = events

    handler = Counting()
    handler.events = ["a"]
    assert (handler.assigned, handler.events) == (1, ["a"])


def test_events_need_not_be_a_property() -> None:
    class NeverAny(EventRecorder):
        events = ()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    assert list(EventDrain(NeverAny()).take(events_of(NeverAny)(NeverAny()))) == []


@pytest.mark.parametrize("kind", [OwnList, ReturnsCopy, ReturnsTuple])
def test_recording_beside_a_list_of_ones_own_is_refused(kind: Any) -> None:
    with pytest.raises(EventsKeptElsewhere, match="append to the list") as caught:
        kind().record(Said("lost"))
    assert caught.value.handler_type is kind


def test_recording_works_where_the_own_property_shows_it() -> None:
    handler = AssignsBesideProperty()
    handler.record(Said("seen"))
    assert handler.events == ["seen"]


def test_recording_a_class_in_place_of_an_event_is_refused() -> None:
    with pytest.raises(EventClassRecorded, match=r"record or send an instance, Plain\(...\)"):
        Plain().record(Plain)
