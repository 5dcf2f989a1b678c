"""Things that fail are found among others that go well, and only then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.workers.relay.splitting import Splitting, Tried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Thing(NamedTuple):
    number: int
    key: str | None = None


def key_of(thing: Thing) -> str | None:
    return thing.key


class Trial:
    """Tries what a search asks for, with something that takes a group or nothing of it."""

    def __init__(self, *bad: int, works: Callable[[int], bool] = lambda _: True) -> None:
        self.bad = set(bad)
        self.done: list[Thing] = []
        self.attempts = 0
        self._works = works

    def run(self, search: Splitting[Thing]) -> list[int]:
        while not search.is_hopeless and (group := search.next()):
            self.attempts += 1
            fails = not self._works(self.attempts) or any(thing.number in self.bad for thing in group)
            self.done += () if fails else group
            search.tell([Tried.FAILED if fails else Tried.DONE] * len(group))
        return [thing.number for thing in search.at_fault]


def things(count: int, keys: int = 0) -> list[Thing]:
    return [Thing(number, f"key {number % keys}" if keys else None) for number in range(count)]


@pytest.mark.parametrize("bad", [0, 1, 250, 498, 499])
def test_one_of_five_hundred_is_found_by_few_attempts(bad: int) -> None:
    trial = Trial(bad)
    assert trial.run(Splitting((), things(500), key_of, works=True)) == [bad]
    assert sorted(thing.number for thing in trial.done) == [number for number in range(500) if number != bad]
    assert trial.attempts <= 30


@given(
    count=st.integers(2, 60),
    keys=st.integers(0, 8),
    bad=st.sets(st.integers(0, 59), max_size=4),
    doubted=st.booleans(),
)
def test_nothing_good_is_found_at_fault_and_keys_keep_their_order(
    *, count: int, keys: int, bad: set[int], doubted: bool
) -> None:
    trial, all_ = Trial(*bad), things(count, keys)
    search = Splitting(() if doubted else all_, all_ if doubted else (), key_of, works=True)
    assert set(trial.run(search)) <= bad
    done = [thing.number for thing in trial.done]
    assert len(set(done)) == len(done)
    for key in {thing.key for thing in all_}:
        of_key = [thing.number for thing in trial.done if thing.key == key]
        if key is None:
            continue
        assert of_key == sorted(of_key)
        first_bad = min((thing.number for thing in all_ if thing.key == key and thing.number in bad), default=count)
        assert all(number < first_bad for number in of_key)


@given(count=st.integers(1, 200), keys=st.integers(0, 5), works=st.integers(0, 3), doubted=st.booleans())
def test_an_outage_holds_nothing_against_anything_and_ends_the_search(
    *, count: int, keys: int, works: int, doubted: bool
) -> None:
    trial, all_ = Trial(works=lambda attempt: attempt <= works), things(count, keys)
    search = Splitting(() if doubted else all_, all_ if doubted else (), key_of)
    assert len(trial.run(search)) <= min(works, 1)  # one can be the first that the outage has met
    assert trial.attempts <= 20


def test_failures_during_recovery_are_not_blamed_on_other_messages() -> None:
    failed_at = 0

    def works(attempt: int) -> bool:
        return attempt > failed_at + 2  # as a connection that was lost because of the bad one

    class Losing(Trial):
        def run(self, search: Splitting[Thing]) -> list[int]:
            nonlocal failed_at
            while not search.is_hopeless and (group := search.next()):
                self.attempts += 1
                is_there = works(self.attempts)
                is_bad = any(thing.number in self.bad for thing in group)
                if is_there and is_bad:
                    failed_at = self.attempts
                fails = not is_there or is_bad
                search.tell([Tried.FAILED if fails else Tried.DONE] * len(group))
            return [thing.number for thing in search.at_fault]

    failed_at = -10
    assert Losing(77).run(Splitting((), things(100), key_of, works=True)) == [77]


def test_of_single_answers_those_are_at_fault_that_something_later_has_passed() -> None:
    search = Splitting(things(5), (), key_of)
    results = [Tried.DONE, Tried.FAILED, Tried.DONE, Tried.FAILED, Tried.FAILED]
    assert search.tell(results if search.next() else ())
    assert [thing.number for thing in search.at_fault] == [1]
    assert [thing.number for thing in search.failed()] == [3, 4]


def test_items_behind_one_at_fault_are_not_tried() -> None:
    search = Splitting([Thing(0, "a"), Thing(1, "a"), Thing(2, "b")], (), key_of)
    assert not _answer(search, [Tried.REFUSED, Tried.FAILED, Tried.DONE])
    assert (search.next(), [thing.number for thing in search.at_fault]) == ((), [0])


def _answer(search: Splitting[Thing], results: Sequence[Tried]) -> bool:
    assert len(search.next()) == len(results)
    return search.tell(results)


@pytest.mark.parametrize(("result", "at_fault"), [(Tried.FAILED, [1]), (Tried.CUT, [])])
def test_an_item_that_was_cut_off_is_not_at_fault_because_a_later_one_was_done(
    result: Tried, at_fault: list[int]
) -> None:
    search = Splitting([Thing(number) for number in range(4)], (), key_of)
    search.next()
    search.tell([Tried.DONE, result, Tried.DONE, Tried.DONE])
    assert [thing.number for thing in search.at_fault] == at_fault
