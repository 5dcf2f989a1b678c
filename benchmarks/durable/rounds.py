"""Sides that take turns, so that a slow moment of the machine hits all of them."""

from __future__ import annotations

import dataclasses
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Side = Callable[[], Awaitable[float]]

ROUNDS = 3


@dataclasses.dataclass(frozen=True)
class Found:
    """What each side reached in each round: messages per second, or seconds."""

    samples: Mapping[str, list[float]]

    def __getitem__(self, side: str) -> float:
        """The median of a side."""
        return median(self.samples[side])

    def __contains__(self, side: str) -> bool:
        return side in self.samples

    def only(self, ours: str, peer: str, limit: str) -> Found:
        """Those that were measured of three sides, under the names of their columns."""
        named = {"ours": ours, "peer": peer, "limit": limit}
        return Found({column: self.samples[side] for column, side in named.items() if side in self.samples})

    def ratio(self, side: str, to: str) -> float:
        """The median of the ratios within the rounds."""
        return median(one / other for one, other in zip(self.samples[side], self.samples[to], strict=True))


async def take(sides: Mapping[str, Side], rounds: int = ROUNDS) -> Found:
    """Measure all sides so often, in an order that turns around from round to round."""
    samples: dict[str, list[float]] = {side: [] for side in sides}
    order = list(sides)
    for _ in range(rounds):
        for side in order:
            samples[side].append(await sides[side]())
        order.reverse()
    return Found(samples)


class WrongCount(Exception):
    """A side has not done what its figure says: there is no figure."""


def must_be(what: str, found: object, expected: object) -> None:
    """Raise :class:`WrongCount` if it is not."""
    if found != expected:
        raise WrongCount(f"{what}: {found}, and it must be {expected}")
