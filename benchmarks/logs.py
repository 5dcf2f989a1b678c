"""Logging as a service has it, the same on both sides: warnings are formatted and written, to nowhere."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.timing import Run


def listen() -> None:
    """Give the root logger a handler, for as long as the process lives."""
    handler = logging.FileHandler(os.devnull)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)


def logged(run: Run) -> Run:
    """``run`` while every level is wanted."""

    async def wanted(times: int) -> None:
        root = logging.getLogger()
        before = root.level
        root.setLevel(logging.DEBUG)
        try:
            await run(times)
        finally:
            root.setLevel(before)

    return wanted
