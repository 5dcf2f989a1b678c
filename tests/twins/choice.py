"""Which twins are run: those whose files a change has touched, and a tenth of the others that rotates with the day."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import zlib
from typing import TYPE_CHECKING

from tests.helpers.sampling import DAY
from tests.twins.runner import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tests.twins.twin import Twin

TENTHS = 10


def base(since: str = "") -> str | None:
    """The commit that a change is compared with: ``since``, else where the branch left main, else the commit before.

    Returns ``None`` if there is none, as in a clone of depth one.
    """
    if since:
        return _git("rev-parse", "--verify", f"{since}^{{commit}}")
    head = _git("rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        found = _git("merge-base", "HEAD", main)
        if found and found != head:
            return found
    return _git("rev-parse", "--verify", "HEAD~1")


def changed_files(commit: str) -> set[str]:
    """The paths that differ from ``commit``, those of uncommitted and of new files included."""
    found = f"{_git('diff', '--name-only', commit)}\n{_git('ls-files', '--others', '--exclude-standard')}"
    return set(found.split("\n")) - {"", "None"}


def touched(twins: Collection[Twin], files: Collection[str]) -> list[Twin]:
    """Those of ``twins`` whose source file or test file is one of ``files``."""
    return [twin for twin in twins if f"src/cqrs/{twin.file}" in files or twin.test.split("::")[0] in files]


def rotating(twins: Collection[Twin], day: str = DAY) -> list[Twin]:
    """A tenth of ``twins``. Each of them is in it on one of ten days that follow each other."""
    return [twin for twin in twins if zlib.crc32(twin.guard.encode()) % TENTHS == _number(day) % TENTHS]


def bounded(twins: Sequence[Twin], most: int, day: str = DAY) -> list[Twin]:
    """``twins``, or ``most`` of them in their order, the same ones for the same ``day``."""
    if len(twins) <= most:
        return list(twins)
    kept = set(random.Random(day).sample(range(len(twins)), most))  # noqa: S311  # it hides nothing
    return [twin for place, twin in enumerate(twins) if place in kept]


def _number(day: str) -> int:
    try:
        return dt.date.fromisoformat(day).toordinal()
    except ValueError:
        return zlib.crc32(day.encode())


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.strip() if done.returncode == 0 else None
