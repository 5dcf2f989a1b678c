"""Times a program in interpreters of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.timing import Timer

SOURCES = Path(__file__).resolve().parent.parent / "src"

_TIMED = """
import sys, time
sys.path[:0] = sys.argv[1:]
started = time.process_time()
{program}
print(time.process_time() - started)
"""


def fresh(program: str, python: str = sys.executable, paths: tuple[str, ...] = (str(SOURCES),)) -> Timer:
    """A timer that runs ``program`` isolated from the environment; the start of the interpreter does not count."""
    command = [python, "-I", "-c", _TIMED.format(program=program), *paths]

    def sample(count: int) -> float:
        outputs = [
            subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  # our own program
            for _ in range(count)
        ]
        return sum(float(output) for output in outputs)

    return sample
