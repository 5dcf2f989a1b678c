"""What the package raises on its own account is its own."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import cqrs
from tests.unit.errors.instances import INSTANCES, error_classes

PACKAGE = Path(cqrs.__file__).parent
RAISED_FOR_SOMEBODY_WHO_EXPECTS_IT = {
    "serializers/json_reader.py",  # turned into a DeserializeJsonError where it is called
    "dispatcher/chunks.py",  # as a coroutine does that is used after its end
    "outbox/log_tailing.py",  # as an import does that finds no such name
    "integrations/_event_frames.py",  # as a function must that pydantic calls for what it does not know
    "testing/clock.py",
}
BUILT_IN = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)}
ALLOWED = {"NotImplementedError", "StopAsyncIteration", "AttributeError", "KeyError", "ConnectionError", "TimeoutError"}


def raised(source: str) -> set[str]:
    """The names of the classes that a module raises."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            found.add(node.exc.func.id)
    return found


def test_no_module_raises_a_bare_error_of_python_for_what_it_was_given() -> None:
    bare = {
        str(file.relative_to(PACKAGE)): sorted(names)
        for file in PACKAGE.rglob("*.py")
        if (names := raised(file.read_text(encoding="utf-8")) & BUILT_IN - ALLOWED)
    }
    assert {name: names for name, names in bare.items() if name not in RAISED_FOR_SOMEBODY_WHO_EXPECTS_IT} == {}
    assert set(bare) == RAISED_FOR_SOMEBODY_WHO_EXPECTS_IT


def test_every_error_class_has_an_instance_that_is_sent_to_another_process() -> None:
    new = error_classes() ^ set(INSTANCES)
    assert new == set(), "add an instance, as real calls make it, to tests/unit/errors/instances.py"
