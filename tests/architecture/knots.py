"""How the parts directly under the package hang together: `python -m tests.architecture.knots`.

A knot is a group of parts each of which imports all others, directly or through the rest. An arrow is a pair of parts,
of which one imports the other; those that run back up are the fewest whose removal leaves no knot.
"""

from __future__ import annotations

from tests.architecture.modules import imports, modules
from tests.architecture.rings import PACKAGE
from tests.architecture.test_parts import PROMISED

Arrows = dict[str, set[str]]


def part_of(module: str) -> str:
    """The part directly under the package that a module belongs to."""
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def arrows() -> Arrows:
    """The parts that each part imports; the promised modules, which stand above theirs, do not count."""
    found: Arrows = {part_of(module): set() for module in modules() if module != PACKAGE}
    for each in imports():
        if each.importer not in PROMISED and each.imported in modules():
            importer, imported = part_of(each.importer), part_of(each.imported)
            if PACKAGE not in {importer, imported} and importer != imported:
                found[importer].add(imported)
    return found


def knots(graph: Arrows) -> list[set[str]]:
    """The groups of two parts or more that import each other in a circle."""
    reached = {part: _reached(graph, part) for part in graph}
    found = {frozenset(other for other in reached[part] if part in reached[other]) for part in graph}
    return [set(knot) for knot in found if len(knot) > 1]


def running_back(graph: Arrows, knot: set[str]) -> int:
    """The arrows within a knot that run back up in the best order of its parts: for each set of parts, the best."""
    parts = sorted(knot)
    best = {0: 0}
    for placed in range(1 << len(parts)):
        above = {part for at, part in enumerate(parts) if placed >> at & 1}
        for at, part in enumerate(parts):
            if part not in above:
                count = best[placed] + len(graph[part] & above)
                then = placed | 1 << at
                best[then] = min(count, best.get(then, count))
    return best[(1 << len(parts)) - 1]


def _reached(graph: Arrows, part: str) -> set[str]:
    reached: set[str] = set()
    pending = [part]
    while pending:
        for other in graph.get(pending.pop(), ()):
            if other not in reached:
                reached.add(other)
                pending.append(other)
    return reached


if __name__ == "__main__":
    graph = arrows()
    tied = knots(graph)
    back = sum(running_back(graph, knot) for knot in tied)
    named = "".join(f"; {', '.join(sorted(knot))}" for knot in tied)
    print(f"{len(graph)} parts, {len(tied)} knots{named}; {back} arrows run back up")  # noqa: T201  # its output
