"""Takes guards out, one at a time, each in a copy of the package, and runs the test that has to notice it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.twins.twin import Twin

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "cqrs"
_TRIES = 3
"""A race between two processes can end well without its guard, so one run that passes proves nothing."""


class Verdict(Enum):
    """The result of taking one guard out."""

    NOTICED = "noticed"
    MISSED = "MISSED"
    SKIPPED = "SKIPPED"
    """Its test needs something that this machine does not have."""

    BROKEN = "BROKEN"
    """Its test could not be run at all: it is not there, or its module cannot be imported without the guard."""


def is_there(twin: Twin) -> bool:
    """Whether the text of ``twin`` occurs exactly once in its file."""
    return (SOURCE / twin.file).read_text(encoding="utf-8").count(twin.old) == 1


def verdict_on(twin: Twin) -> Verdict:
    """Take the guard of ``twin`` out and run its test, several times if it passes."""
    if not is_there(twin):
        return Verdict.BROKEN
    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        copy = Path(folder) / "src"
        # Compiled modules are copied, too: without them each of the processes would compile the whole package.
        shutil.copytree(SOURCE.parent, copy)
        file = copy / "cqrs" / twin.file
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
            compiled.unlink()
        file.write_text(file.read_text(encoding="utf-8").replace(twin.old, twin.new), encoding="utf-8")
        runs = (_run(twin.test, copy) for _ in range(_TRIES))
        return next((verdict for verdict in runs if verdict is not Verdict.MISSED), Verdict.MISSED)


def _run(test: str, source: Path) -> Verdict:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=20", test]
    environment = {**os.environ, "PYTHONPATH": str(source), "ALL": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return Verdict.MISSED if " passed" in done.stdout else Verdict.SKIPPED
    return Verdict.NOTICED if done.returncode == 1 else Verdict.BROKEN


def verdicts(twins: Sequence[Twin]) -> Iterator[tuple[Twin, Verdict]]:
    """The verdict on each of ``twins``, in their order.

    Three run at once on two processors, because a test waits for a third of its time.
    """
    with ThreadPoolExecutor(max_workers=3 * (os.cpu_count() or 1) // 2) as pool:
        yield from zip(twins, pool.map(verdict_on, twins), strict=True)
