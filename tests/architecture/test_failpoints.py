"""The list of failpoints is that of the code: each is reached where the list says, and no other name is used."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from cqrs._failpoints import POINTS
from tests.architecture.modules import modules

if TYPE_CHECKING:
    from collections.abc import Iterator


def _reached(tree: ast.AST) -> Iterator[str]:
    """The names that `reached(…)` is called with; an empty one for an argument in which there is none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reached":
            found = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
            yield from map(str, found or [""])


def test_each_point_is_reached_where_the_list_says_and_nowhere_else() -> None:
    found = Counter(
        (name, module) for module, path in modules().items() for name in _reached(ast.parse(path.read_text()))
    )
    assert found == Counter((point.name, module) for point in POINTS.values() for module in point.modules)


def test_each_point_is_known_by_its_own_name() -> None:
    assert {name: point.name for name, point in POINTS.items()} == {name: name for name in POINTS}
