"""The parts directly under the package: no circle between them, so that each can be read by itself.

Every import counts, also one for the type checker only.
"""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import cqrs
from tests.architecture.modules import imports, modules
from tests.architecture.rings import PACKAGE

EDGE = tuple(f"{PACKAGE}.{part}" for part in ("cli", "integrations", "testing"))

PROMISED = {
    f"{PACKAGE}.requests.bootstrap": "users import their bootstrap from the topic; it assembles all others",
    f"{PACKAGE}.events.bootstrap": "as above",
}
"""Modules that are above the part they stand in, and why."""

KITS = ("_replication", "_sqlalchemy", "leases", "wakeups")
TOPICS = re.compile(r"\b(outbox|inbox|relay|saga|projection)s?\b", re.IGNORECASE)


def test_parts_import_each_other_in_one_direction_only() -> None:
    graph: dict[str, set[str]] = {}
    for found in imports():
        if found.importer not in PROMISED and found.imported in modules():
            importer, imported = _part(found.importer), _part(found.imported)
            if PACKAGE not in {importer, imported} and importer != imported:
                graph.setdefault(importer, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" is imported by ".join(error.args[1])) from None


def test_nothing_but_the_edge_imports_a_promised_module() -> None:
    inner = [found for found in imports() if found.imported in PROMISED and not found.importer.startswith(EDGE)]
    assert [str(found) for found in inner if found.importer != PACKAGE] == []


@pytest.mark.parametrize("kit", KITS)
def test_a_kit_names_no_topic(kit: str) -> None:
    folder = Path(cqrs.__file__).parent / kit
    naming = {file.name: found for file in folder.rglob("*.py") if (found := TOPICS.findall(file.read_text("utf-8")))}
    assert naming == {}


def _part(module: str) -> str:
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]
