"""Other processes: the peer, another package with the import name ``cqrs``; and ours without this package."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.counting import Counts
from benchmarks.results import CACHE, ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from benchmarks.timing import Timer

REQUIREMENT = "python-cqrs==5.3.0"
NAME = REQUIREMENT.replace("==", " ")
_INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def installed(*packages: str) -> str | None:
    """The interpreter of the peer's virtual environment, which is made on the first call, with ``packages`` beside it.

    Prints why and returns ``None`` if something cannot be installed.
    """
    try:
        python = str(_environment())
        if packages:
            subprocess.run([python, *_INSTALL, *packages], check=True)  # noqa: S603  # fixed commands
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{REQUIREMENT} could not be installed, so it is left out: {error}", file=sys.stderr)
        return None
    return python


def _environment() -> Path:
    home = CACHE / "peers" / f"{REQUIREMENT.replace('==', '-')}-{sys.implementation.cache_tag}"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = home / ".complete"
    if not complete.exists():
        shutil.rmtree(home, ignore_errors=True)
        for arguments in (
            [sys.executable, "-m", "venv", str(home)],
            [str(python), *_INSTALL, REQUIREMENT],
        ):
            subprocess.run(arguments, check=True)  # noqa: S603  # fixed commands
        complete.touch()
    return python


class Other:
    """Runs the entries of the script ``module`` in another process, one at a time, while we wait."""

    def __init__(self, module: str, name: str, python: str = sys.executable) -> None:
        self.name, self.python = name, python
        command = [python, "-E", "-s", "-m", module]  # -E: our PYTHONPATH is not for it
        self._process = subprocess.Popen(  # noqa: S603  # fixed command
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def timer(self, entry: str) -> Timer:
        """A timer for one entry."""
        return lambda count: float(self._ask({"time": entry, "count": count}))

    def count(self, entry: str) -> Counts:
        """What one operation of an entry does."""
        return Counts(**self._ask({"count": entry}))

    def _ask(self, question: dict[str, Any]) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101  # both are pipes
        assert stdout is not None  # noqa: S101
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise EOFError(f"the process of {self.name} has ended; what it said last is above")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which it ends with


def peer(python: str) -> Other:
    """The entries of ``benchmarks.peers.python_cqrs`` in the peer's interpreter."""
    return Other("benchmarks.peers.python_cqrs", NAME, python)
