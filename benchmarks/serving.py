"""The other end of ``benchmarks.peer``: measures entries in a process of its own, when it is asked for them.

Reads one JSON object per line (``{"time": entry, "count": n}`` or ``{"count": entry}``) and answers each with a line.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.counting import count
from benchmarks.logs import listen
from benchmarks.timing import settle, timed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.timing import Run


def serve(entries: Mapping[str, Run]) -> None:
    """Answer until the input ends."""
    listen()
    settle()
    for line in sys.stdin:
        question: dict[str, Any] = json.loads(line)
        answer: object
        if "time" in question:
            answer = timed(entries[question["time"]])(question["count"])
        else:
            answer = dataclasses.asdict(count(entries[question["count"]]))
        print(json.dumps(answer), flush=True)
