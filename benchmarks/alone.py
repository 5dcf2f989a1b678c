"""What SQLAlchemy takes by itself, in a process that has not imported our package, which listens to every engine."""

from __future__ import annotations

import sys

from benchmarks.notes import close, statements, transactions
from benchmarks.serving import serve
from benchmarks.timing import in_the_loop

ENTRIES = {"statement": statements, "transaction": transactions}


def main() -> None:
    """Answer until the input ends."""
    if "cqrs" in sys.modules:
        raise RuntimeError("this process was to measure without cqrs, and something here has imported it")
    try:
        serve(ENTRIES)
    finally:
        in_the_loop(close())


if __name__ == "__main__":
    main()
