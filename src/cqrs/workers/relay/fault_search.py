"""Finds out which of many items a failure is the fault of, by trying them in ever smaller groups.

It does not know what an item is. An item is at fault only if others succeed around it: in the same attempt, with one
after it, or in the attempt right before the one in which it was tried alone. While nothing succeeds, none is at fault.

    a group fails, and another succeeded right before it    its halves are tried; a single item is at fault
    a group that has failed is next, and the last failed    a single item is tried first, to see one succeed
"""

from __future__ import annotations

import dataclasses
import enum
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_PATIENCE = 4


class TryResult(enum.Enum):
    """The result of one item of a group that was tried."""

    DONE = "done"
    REFUSED = "refused"
    """The error shows that this item is at fault."""
    FAILED = "failed"
    """This item is at fault, or another one, or something outside."""
    CUT_OFF = "cut off"
    """As FAILED, but items after it may have succeeded earlier: answers do not come in the order of the items."""


@dataclasses.dataclass(slots=True)
class _Group(Generic[T]):
    """Items to be tried together; those of ``behind`` follow when all of them are done."""

    items: Sequence[T]
    behind: Sequence[T] = ()
    is_suspect: bool = False
    """Whether these items have failed before."""
    failed_whole: bool = False
    """Whether the group has been tried, and no item of it was done or at fault."""


class FaultSearch(Generic[T]):
    """Tries ``items``, then ``suspects``, which have failed before, and then what is left of ``samples``.

    Samples are tried singly between suspects, to see one succeed. Items of one ``key`` keep their order: an item is
    not tried before the earlier ones of its key are done. A key must not be in more than one of the three sequences.
    ``last_succeeded``: whether something else succeeded just now. Call :meth:`next_group`, try it, and :meth:`record`
    the results.
    """

    def __init__(
        self,
        items: Sequence[T],
        suspects: Sequence[T],
        key: Callable[[T], str | None],
        *,
        samples: Sequence[T] = (),
        last_succeeded: bool = False,
    ) -> None:
        self.at_fault: list[T] = []
        self.failures = 0
        self._key = key
        self._last_succeeded = last_succeeded
        groups = (_Group(items), _Group(suspects, is_suspect=True), _Group(samples))
        self._groups = deque(group for group in groups if group.items)
        self._sample: tuple[_Group[T], T] | None = None
        self._limit = _PATIENCE + (len(items) + len(suspects)).bit_length()

    @property
    def is_hopeless(self) -> bool:
        """Whether everything fails now, so that nothing can be found out before something succeeds."""
        return self.failures > self._limit or self.only_failed_singles_are_left

    @property
    def only_failed_singles_are_left(self) -> bool:
        """Whether each item that is left has failed when it was tried alone."""
        return bool(self._groups) and all(len(group.items) == 1 and group.failed_whole for group in self._groups)

    @property
    def next_is_suspect(self) -> bool:
        """Whether the next group has failed before."""
        return bool(self._groups) and self._groups[0].is_suspect

    @property
    def last_succeeded(self) -> bool:
        """Whether the last item of the last attempt succeeded."""
        return self._last_succeeded

    def next_group(self) -> Sequence[T]:
        """The items to try now, in this order; empty at the end."""
        if not self._groups:
            return ()
        self._sample = self._choose_sample() if self._groups[0].is_suspect and not self._last_succeeded else None
        return self._groups[0].items if self._sample is None else (self._sample[1],)

    def _choose_sample(self) -> tuple[_Group[T], T] | None:
        """The first item of a key, preferably of the last group; another one each time."""
        heads = [(group, of_key[0]) for group in reversed(self._groups) for of_key in self._by_key(group.items)]
        return heads[self.failures % len(heads)] if len(heads) > 1 else None

    def _by_key(self, items: Sequence[T]) -> list[list[T]]:
        """The items of each key, in their order; each item without a key by itself."""
        groups: dict[object, list[T]] = {}
        for item in items:
            key = self._key(item)
            groups.setdefault(object() if key is None else key, []).append(item)
        return list(groups.values())

    def unexplained(self) -> list[T]:
        """The items that have failed, and are neither done nor at fault."""
        return [item for group in self._groups if group.is_suspect for item in group.items]

    def record(self, results: Sequence[TryResult]) -> bool:
        """Record the result of each item of :meth:`next_group`; returns whether there is a failure nothing explains."""
        if self._sample is not None:
            return self._record_sample(*self._sample, results[0])
        group = self._groups.popleft()
        if all(result is TryResult.DONE for result in results):
            self.failures, self._last_succeeded = 0, True
            if group.behind:
                self._groups.appendleft(_Group(group.behind, is_suspect=True))
            return False
        is_proof = group.is_suspect and self._last_succeeded and len(group.items) == 1
        rest, stopped = self._left_over(group.items, results, is_proof=is_proof)
        succeeded_before, self._last_succeeded = self._last_succeeded, results[-1] is TryResult.DONE
        has_answer = len(rest) < len(group.items)
        self.failures = 0 if has_answer else self.failures + 1
        if not rest:
            if group.behind and not stopped:
                self._groups.appendleft(_Group(group.behind, is_suspect=True))
            return False
        left = _Group(rest, group.behind, is_suspect=True, failed_whole=not has_answer)
        if not has_answer and len(rest) > 1 and (succeeded_before or group.failed_whole or not self._groups):
            self._groups.extendleft(reversed(self._halves(left)))
        else:
            self._groups.append(left)
        return True

    def _record_sample(self, group: _Group[T], item: T, result: TryResult) -> bool:
        self._last_succeeded = result is TryResult.DONE
        if result in {TryResult.FAILED, TryResult.CUT_OFF}:
            self.failures += 1
            group.failed_whole = group.failed_whole or len(group.items) == 1
            return True
        if result is TryResult.REFUSED:
            self.at_fault.append(item)
        key = self._key(item)
        goes = [one for one in group.items if one is item or (result is TryResult.REFUSED and self._key(one) == key)]
        gone = {id(one) for one in (goes if key is not None else [item])}
        group.items = [one for one in group.items if id(one) not in gone]
        self.failures = 0
        if not group.items:
            self._groups.remove(group)
            if group.behind and result is TryResult.DONE:
                self._groups.append(_Group(group.behind, is_suspect=True))
        return False

    def _left_over(self, items: Sequence[T], results: Sequence[TryResult], *, is_proof: bool) -> tuple[list[T], bool]:
        """The items to try again, and whether one is at fault, so that later ones of its key have to wait."""
        last_done = max((place for place, result in enumerate(results) if result is TryResult.DONE), default=-1)
        rest: list[T] = []
        waiting: set[str] = set()
        stopped: set[str] = set()
        for place, (item, result) in enumerate(zip(items, results, strict=True)):
            key = self._key(item)
            if result is TryResult.DONE or (key is not None and key in stopped):
                continue
            if key is not None and key in waiting:
                rest.append(item)
            elif result is TryResult.REFUSED or is_proof or (result is TryResult.FAILED and place < last_done):
                self.at_fault.append(item)
                stopped.update(() if key is None else (key,))
            else:
                rest.append(item)
                waiting.update(() if key is None else (key,))
        return rest, bool(stopped)

    def _halves(self, group: _Group[T]) -> list[_Group[T]]:
        """Two groups of about the same size, without splitting a key; of a single key, its first half."""
        by_key = self._by_key(group.items)
        half = len(group.items) // 2
        if len(by_key) == 1:
            behind = [*group.items[half:], *group.behind]
            return [_Group(group.items[:half], behind, is_suspect=True)]
        first: list[T] = []
        *some, last = by_key
        for place, of_key in enumerate(some):
            if first and len(first) + len(of_key) > half:
                return self._pair(first, [item for others in (*some[place:], last) for item in others])
            first += of_key
        return self._pair(first, last)

    @staticmethod
    def _pair(first: list[T], second: list[T]) -> list[_Group[T]]:
        return [_Group(first, is_suspect=True), _Group(second, is_suspect=True)]
