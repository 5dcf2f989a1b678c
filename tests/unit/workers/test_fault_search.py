"""Items that fail are found among others that succeed, and only then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.workers.relay.fault_search import FaultSearch, TryResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Item(NamedTuple):
    number: int
    key: str | None = None


def key_of(item: Item) -> str | None:
    return item.key


class Trial:
    """Tries what a search asks for, with something that takes a group or nothing of it."""

    def __init__(self, *bad: int, works: Callable[[int], bool] = lambda _: True) -> None:
        self.bad = set(bad)
        self.done: list[Item] = []
        self.attempts = 0
        self._works = works

    def run(self, search: FaultSearch[Item]) -> list[int]:
        while not search.is_hopeless and (group := search.next_group()):
            self.attempts += 1
            fails = not self._works(self.attempts) or any(item.number in self.bad for item in group)
            self.done += () if fails else group
            search.record([TryResult.FAILED if fails else TryResult.DONE] * len(group))
        return [item.number for item in search.at_fault]


def items(count: int, keys: int = 0) -> list[Item]:
    return [Item(number, f"key {number % keys}" if keys else None) for number in range(count)]


@pytest.mark.parametrize("bad", [0, 1, 250, 498, 499])
def test_one_of_five_hundred_is_found_by_few_attempts(bad: int) -> None:
    trial = Trial(bad)
    assert trial.run(FaultSearch((), items(500), key_of, last_succeeded=True)) == [bad]
    assert sorted(item.number for item in trial.done) == [number for number in range(500) if number != bad]
    assert trial.attempts <= 30


@given(
    count=st.integers(2, 60),
    keys=st.integers(0, 8),
    bad=st.sets(st.integers(0, 59), max_size=4),
    suspects=st.booleans(),
)
def test_nothing_good_is_found_at_fault_and_keys_keep_their_order(
    *, count: int, keys: int, bad: set[int], suspects: bool
) -> None:
    trial, all_ = Trial(*bad), items(count, keys)
    search = FaultSearch(() if suspects else all_, all_ if suspects else (), key_of, last_succeeded=True)
    assert set(trial.run(search)) <= bad
    done = [item.number for item in trial.done]
    assert len(set(done)) == len(done)
    for key in {item.key for item in all_}:
        of_key = [item.number for item in trial.done if item.key == key]
        if key is None:
            continue
        assert of_key == sorted(of_key)
        first_bad = min((item.number for item in all_ if item.key == key and item.number in bad), default=count)
        assert all(number < first_bad for number in of_key)


@given(count=st.integers(1, 200), keys=st.integers(0, 5), works=st.integers(0, 3), suspects=st.booleans())
def test_an_outage_holds_nothing_against_anything_and_ends_the_search(
    *, count: int, keys: int, works: int, suspects: bool
) -> None:
    trial, all_ = Trial(works=lambda attempt: attempt <= works), items(count, keys)
    search = FaultSearch(() if suspects else all_, all_ if suspects else (), key_of)
    assert len(trial.run(search)) <= min(works, 1)  # one can be the first that the outage has met
    assert trial.attempts <= 20


def test_failures_during_recovery_are_not_blamed_on_other_messages() -> None:
    failed_at = 0

    def works(attempt: int) -> bool:
        return attempt > failed_at + 2  # as a connection that was lost because of the bad one

    class Losing(Trial):
        def run(self, search: FaultSearch[Item]) -> list[int]:
            nonlocal failed_at
            while not search.is_hopeless and (group := search.next_group()):
                self.attempts += 1
                is_there = works(self.attempts)
                is_bad = any(item.number in self.bad for item in group)
                if is_there and is_bad:
                    failed_at = self.attempts
                fails = not is_there or is_bad
                search.record([TryResult.FAILED if fails else TryResult.DONE] * len(group))
            return [item.number for item in search.at_fault]

    failed_at = -10
    assert Losing(77).run(FaultSearch((), items(100), key_of, last_succeeded=True)) == [77]


def test_of_single_answers_those_are_at_fault_that_something_later_has_passed() -> None:
    search = FaultSearch(items(5), (), key_of)
    results = [TryResult.DONE, TryResult.FAILED, TryResult.DONE, TryResult.FAILED, TryResult.FAILED]
    assert search.record(results if search.next_group() else ())
    assert [item.number for item in search.at_fault] == [1]
    assert [item.number for item in search.unexplained()] == [3, 4]


def test_items_behind_one_at_fault_are_not_tried() -> None:
    search = FaultSearch([Item(0, "a"), Item(1, "a"), Item(2, "b")], (), key_of)
    assert not _answer(search, [TryResult.REFUSED, TryResult.FAILED, TryResult.DONE])
    assert (search.next_group(), [item.number for item in search.at_fault]) == ((), [0])


def _answer(search: FaultSearch[Item], results: Sequence[TryResult]) -> bool:
    assert len(search.next_group()) == len(results)
    return search.record(results)


@pytest.mark.parametrize(("result", "at_fault"), [(TryResult.FAILED, [1]), (TryResult.CUT_OFF, [])])
def test_an_item_that_was_cut_off_is_not_at_fault_because_a_later_one_was_done(
    result: TryResult, at_fault: list[int]
) -> None:
    search = FaultSearch([Item(number) for number in range(4)], (), key_of)
    search.next_group()
    search.record([TryResult.DONE, result, TryResult.DONE, TryResult.DONE])
    assert [item.number for item in search.at_fault] == at_fault
