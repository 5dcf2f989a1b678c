"""Which programs run: all with `ALL=1`, else a few that change with the day. `CQRS_TEST_SAMPLE` chooses the day."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.helpers.sampling import ALL, DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.natural.sweep import Cell


def sample(cells: Iterable[Cell], size: int, what: str) -> list[Cell]:
    """`size` of `cells`, the same for one day and one `what`."""
    found = list(cells)
    if ALL or len(found) <= size:
        return found
    return random.Random(f"{DAY} {what}").sample(found, size)  # noqa: S311  # it hides nothing
