"""Which programs run: all with `ALL=1`, else a few that change with the day. `CQRS_TEST_SAMPLE` chooses the day."""

from __future__ import annotations

import datetime as dt
import os
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.natural.sweep import Cell

ALL = os.environ.get("ALL") == "1"
DAY = os.environ.get("CQRS_TEST_SAMPLE") or dt.datetime.now(dt.UTC).date().isoformat()
HOW_TO_REPEAT = "all of them" if ALL else f"the sample of CQRS_TEST_SAMPLE={DAY}"


def sample(cells: Iterable[Cell], size: int, what: str) -> list[Cell]:
    """`size` of `cells`, the same for one day and one `what`."""
    found = list(cells)
    if ALL or len(found) <= size:
        return found
    return random.Random(f"{DAY} {what}").sample(found, size)  # noqa: S311  # it hides nothing
