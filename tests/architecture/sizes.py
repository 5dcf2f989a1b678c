"""How large the files of the package are: `python -m tests.architecture.sizes`."""

from __future__ import annotations

from statistics import median

from tests.architecture.modules import SOURCE, modules

LONGEST = 500
MEDIAN = 90


def lines() -> dict[str, int]:
    """The number of lines of each file, the longest file first."""
    counted = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in modules().values()}
    return dict(sorted(counted.items(), key=lambda item: -item[1]))


def summary() -> str:
    """One line for people."""
    counted = lines()
    name, longest = next(iter(counted.items()))
    ninth = sorted(counted.values())[int(len(counted) * 0.9)]
    return (
        f"{len(counted)} files, {sum(counted.values())} lines; median {median(counted.values()):.0f} "
        f"(at most {MEDIAN}), nine in ten up to {ninth}, longest {longest} (at most {LONGEST}): {name}"
    )


if __name__ == "__main__":
    print(summary())  # noqa: T201  # the output of the command
