"""What the commands of the benchmarks have in common: names of what to measure, and ``--no-peer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def parsed(parser: argparse.ArgumentParser, names: Sequence[str]) -> argparse.Namespace:
    """The arguments; a name that is not among ``names`` ends the program with an error."""
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure, of: {', '.join(names)}")
    parser.add_argument("--no-peer", action="store_true", help="only ours and the limit")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in names]:
        parser.error(f"nothing to measure is called {', '.join(unknown)}")
    return arguments
