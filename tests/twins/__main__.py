"""`python -m tests.twins [--changed] [--since COMMIT] [--list] [TOPIC|WORD ...]`.

Without arguments each guard is taken out. A word chooses a list (`inbox`), a folder of `src/cqrs` (`leases`), or guards
by a part of their name. `--changed` takes those that a change has touched and a tenth of the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from tests.helpers.sampling import DAY
from tests.twins.choice import base, bounded, changed_files, rotating, touched
from tests.twins.runner import Verdict, verdicts
from tests.twins.twin import topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.twins.twin import Twin

_MOST = 90 * (os.cpu_count() or 2)
"""As many as are done in about ten minutes."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _chosen(words: Sequence[str]) -> list[Twin]:
    return [
        twin
        for topic, twins in topics().items()
        for twin in twins
        if not words or any(word in {topic, twin.file.split("/")[0]} or word in twin.guard for word in words)
    ]


def _of_a_change(twins: Sequence[Twin], since: str) -> list[Twin]:
    commit = base(since)
    if commit is None:
        _say("no earlier commit is known: only the rotating tenth is run")
    first = touched(twins, changed_files(commit)) if commit else []
    by_date = [twin for twin in rotating(twins) if twin not in first]
    found = bounded(first, max(_MOST - len(by_date), _MOST // 2)) + by_date
    if commit:
        _say(f"{len(first)} of {len(twins)} guards are in files that differ from {commit[:10]}, or their tests are")
    _say(f"{len(by_date)} others are the tenth of {DAY} (CQRS_TEST_SAMPLE={DAY} repeats it)")
    if len(found) < len(first) + len(by_date):
        count = len(found) - len(by_date)
        _say(f"ONLY {count} of the {len(first)} touched are run, a sample by the date: `make twins ALL=1` runs all")
    return found


def main() -> int:
    """Returns 1 if a guard was not noticed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.twins", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="TOPIC|WORD")
    parser.add_argument("--changed", action="store_true", help="those that a change touched, and a tenth of the others")
    parser.add_argument("--since", default="", metavar="COMMIT", help="what the change is compared with")
    parser.add_argument("--list", action="store_true", help="print them only")
    given = parser.parse_args()
    twins = _chosen(given.words)
    if not twins:
        parser.error(f"no guard is named so; the topics are {', '.join(topics())}")
    if given.changed or given.since:
        twins = _of_a_change(twins, given.since)
    if given.list:
        for twin in twins:
            _say(f"{twin.file}: {twin.guard}")
        return 0
    began = time.monotonic()
    unnoticed = 0
    for twin, verdict in verdicts(twins):
        unnoticed += verdict in {Verdict.MISSED, Verdict.BROKEN}
        _say(f"{verdict.value:7}  {twin.guard}" + ("" if verdict is Verdict.NOTICED else f"  [{twin.test}]"))
    _say(f"{len(twins)} guards in {time.monotonic() - began:.0f} s; {unnoticed} not noticed")
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
