"""Whether memory stays flat, in an interpreter of its own: ``python -m benchmarks.flat 1000000`` prints JSON."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import resource
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.workload import Workload
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from benchmarks.timing import Run

WATCHED = ("send", "scope-cleanup", "stream", "events", "database")
_WARM, _TRACED = 10_000, 100_000  # tracing makes everything ten times slower, so it sees fewer operations
_PAGE = resource.getpagesize()


@dataclasses.dataclass(frozen=True, slots=True)
class Growth:
    """What stayed behind after so many operations."""

    what: str
    operations: int
    resident_bytes: int
    blocks: int
    traced_bytes: int
    traced_operations: int

    @property
    def flat(self) -> bool:
        """Whether that is less than one object in a thousand operations, and less than a megabyte."""
        return self.blocks * 1000 < self.operations and self.resident_bytes < 1 << 20


def measure(operations: int) -> list[Growth]:
    """The growth of sends, chunks and events, in a fresh interpreter."""
    command = [sys.executable, "-m", "benchmarks.flat", str(operations)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  # ourselves
    return [Growth(**growth) for growth in json.loads(output)]


async def _grown(what: str, run: Run, operations: int) -> Growth:
    await run(_WARM)
    gc.collect()
    resident, blocks = _resident(), sys.getallocatedblocks()
    await run(operations)
    gc.collect()
    resident, blocks = _resident() - resident, sys.getallocatedblocks() - blocks
    tracemalloc.start()
    await run(_WARM)
    gc.collect()
    traced, _ = tracemalloc.get_traced_memory()
    await run(min(operations, _TRACED))
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0] - traced
    tracemalloc.stop()
    return Growth(what, operations, resident, blocks, traced, min(operations, _TRACED))


def _resident() -> int:
    """The memory of this process; if the system does not report it, the most it ever had."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _main(operations: int) -> None:
    watched = [w for w in WORKLOADS.values() if isinstance(w, Workload) and w.name in WATCHED]
    print(json.dumps([dataclasses.asdict(asyncio.run(_grown(w.name, w.ours.run, operations))) for w in watched]))


if __name__ == "__main__":
    _main(int(sys.argv[1]))
