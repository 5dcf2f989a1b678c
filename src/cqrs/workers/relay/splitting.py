"""Which of many things an error follows: found by trying them in ever smaller groups.

Nothing here knows what the things are. A thing is at fault only if others went well around it: in the same attempt,
with one after it, or right before it was tried by itself. While nothing goes well, nothing is found.

    a group fails, another went well just before    its halves are tried, or it is the one
    something has failed just before                a single one of the others is tried first, to see one go well
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


class Tried(enum.Enum):
    """What became of one thing of a group."""

    DONE = "done"
    REFUSED = "refused"
    """It is at fault: the error says so."""
    FAILED = "failed"
    """It, or another one, or something outside, is at fault."""
    CUT = "cut off"
    """The same, and what comes after it may have been done before: answers do not come in the order of the things."""


@dataclasses.dataclass(slots=True)
class _Group(Generic[T]):
    """Things to be tried together; ``behind`` is to follow when all of them are done. ``doubted``: it has failed."""

    things: Sequence[T]
    behind: Sequence[T] = ()
    doubted: bool = False
    again: bool = False


class Splitting(Generic[T]):
    """Tries ``things``, and then ``doubted`` ones, which have failed before.

    ``spare`` ones are tried singly between those, to see one go well, and what is left of them at the end. Things of
    one ``key`` keep their order: of a key, nothing is tried before what comes earlier is done. A key must not be in
    more than one of the three. ``works``: something else went well just now. Ask for :meth:`next`, and :meth:`tell`
    what came of it.
    """

    def __init__(
        self,
        things: Sequence[T],
        doubted: Sequence[T],
        key: Callable[[T], str | None],
        *,
        spare: Sequence[T] = (),
        works: bool = False,
    ) -> None:
        self.at_fault: list[T] = []
        self.failures = 0
        self._key = key
        self._works = works
        groups = (_Group(things), _Group(doubted, doubted=True), _Group(spare))
        self._groups = deque(group for group in groups if group.things)
        self._sample: tuple[_Group[T], T] | None = None
        self._limit = _PATIENCE + (len(things) + len(doubted)).bit_length()

    @property
    def is_hopeless(self) -> bool:
        """Whether everything fails now: nothing can be found out before something goes well."""
        return self.failures > self._limit or self.are_alone

    @property
    def are_alone(self) -> bool:
        """Whether all that is left has failed by itself."""
        return bool(self._groups) and all(len(group.things) == 1 and group.again for group in self._groups)

    @property
    def is_doubted(self) -> bool:
        """Whether what comes next has failed before."""
        return bool(self._groups) and self._groups[0].doubted

    @property
    def works(self) -> bool:
        """Whether the last attempt went well to its end."""
        return self._works

    def next(self) -> Sequence[T]:
        """What to try now, in this order; empty at the end."""
        if not self._groups:
            return ()
        self._sample = self._sampled() if self._groups[0].doubted and not self._works else None
        return self._groups[0].things if self._sample is None else (self._sample[1],)

    def _sampled(self) -> tuple[_Group[T], T] | None:
        """One thing that nothing is before, rather of the last group; each time another one."""
        heads = [(group, lane[0]) for group in reversed(self._groups) for lane in self._lanes(group.things)]
        return heads[self.failures % len(heads)] if len(heads) > 1 else None

    def _lanes(self, things: Sequence[T]) -> list[list[T]]:
        """The things of each key, in their order; one without a key is by itself."""
        lanes: dict[object, list[T]] = {}
        for thing in things:
            key = self._key(thing)
            lanes.setdefault(object() if key is None else key, []).append(thing)
        return list(lanes.values())

    def failed(self) -> list[T]:
        """What has failed, and is neither done nor found to be at fault."""
        return [thing for group in self._groups if group.doubted for thing in group.things]

    def tell(self, results: Sequence[Tried]) -> bool:
        """What became of each thing of :meth:`next`; returns whether something failed that nothing explains yet."""
        if self._sample is not None:
            return self._tell_sample(*self._sample, results[0])
        group = self._groups.popleft()
        if all(result is Tried.DONE for result in results):
            self.failures, self._works = 0, True
            if group.behind:
                self._groups.appendleft(_Group(group.behind, doubted=True))
            return False
        is_proof = group.doubted and self._works and len(group.things) == 1
        rest, stopped = self._rest(group.things, results, is_proof=is_proof)
        worked_before, self._works = self._works, results[-1] is Tried.DONE
        has_answer = len(rest) < len(group.things)
        self.failures = 0 if has_answer else self.failures + 1
        if not rest:
            if group.behind and not stopped:
                self._groups.appendleft(_Group(group.behind, doubted=True))
            return False
        left = _Group(rest, group.behind, doubted=True, again=not has_answer)
        if not has_answer and len(rest) > 1 and (worked_before or group.again or not self._groups):
            self._groups.extendleft(reversed(self._halves(left)))
        else:
            self._groups.append(left)
        return True

    def _tell_sample(self, group: _Group[T], thing: T, result: Tried) -> bool:
        self._works = result is Tried.DONE
        if result in {Tried.FAILED, Tried.CUT}:
            self.failures += 1
            group.again = group.again or len(group.things) == 1
            return True
        if result is Tried.REFUSED:
            self.at_fault.append(thing)
        key = self._key(thing)
        goes = [one for one in group.things if one is thing or (result is Tried.REFUSED and self._key(one) == key)]
        gone = {id(one) for one in (goes if key is not None else [thing])}
        group.things = [one for one in group.things if id(one) not in gone]
        self.failures = 0
        if not group.things:
            self._groups.remove(group)
            if group.behind and result is Tried.DONE:
                self._groups.append(_Group(group.behind, doubted=True))
        return False

    def _rest(self, things: Sequence[T], results: Sequence[Tried], *, is_proof: bool) -> tuple[list[T], bool]:
        """What is to be tried again; and whether a thing is at fault, behind which others have to wait."""
        last_done = max((place for place, result in enumerate(results) if result is Tried.DONE), default=-1)
        rest: list[T] = []
        waiting: set[str] = set()
        stopped: set[str] = set()
        for place, (thing, result) in enumerate(zip(things, results, strict=True)):
            key = self._key(thing)
            if result is Tried.DONE or (key is not None and key in stopped):
                continue
            if key is not None and key in waiting:
                rest.append(thing)
            elif result is Tried.REFUSED or is_proof or (result is Tried.FAILED and place < last_done):
                self.at_fault.append(thing)
                stopped.update(() if key is None else (key,))
            else:
                rest.append(thing)
                waiting.update(() if key is None else (key,))
        return rest, bool(stopped)

    def _halves(self, group: _Group[T]) -> list[_Group[T]]:
        lanes = self._lanes(group.things)
        half = len(group.things) // 2
        if len(lanes) == 1:
            behind = [*group.things[half:], *group.behind]
            return [_Group(group.things[:half], behind, doubted=True)]
        first: list[T] = []
        *some, last = lanes
        for place, lane in enumerate(some):
            if first and len(first) + len(lane) > half:
                return self._pair(first, [thing for others in (*some[place:], last) for thing in others])
            first += lane
        return self._pair(first, last)

    @staticmethod
    def _pair(first: list[T], second: list[T]) -> list[_Group[T]]:
        return [_Group(first, doubted=True), _Group(second, doubted=True)]
