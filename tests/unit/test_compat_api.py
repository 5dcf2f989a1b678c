"""What programs for python-cqrs 4.x import and call works here too, or is known, with a reason, not to."""

from __future__ import annotations

import importlib
import inspect
import tomllib
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "upgrading" / "from-python-cqrs.md"

TABLE = tomllib.loads(Path(__file__).with_name("compat_api.toml").read_text(encoding="utf-8"))
SAME = [(module, entry) for module, entries in TABLE["same"].items() for entry in entries]
DIFFERENT = [(row["module"], entry) for row in TABLE["different"] for entry in row["entries"]]
LATER = [name for names in TABLE["later"].values() for name in names]

P = inspect.Parameter


def dotted(module: str, entry: str) -> str:
    """The name of an entry, without its parameters."""
    return f"{module}.{entry.partition('(')[0]}"


def find(module: str, path: str) -> Any:
    """What `module` has under a dotted path. Raises `ImportError` or `AttributeError` if it has nothing there."""
    found = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def problem_with(module: str, entry: str) -> str | None:
    """Why a program that was written for `entry` would fail; `None` if it works."""
    path, _, parameters = entry.partition("(")
    try:
        found = find(module, path)
    except (ImportError, AttributeError) as error:
        return str(error)
    if not parameters:
        return None
    expected = _signature(f"({parameters}").parameters.values()
    actual = dict(inspect.signature(found).parameters)
    if "." in path and inspect.isfunction(found):
        actual.pop("self")
    return _problem_with(list(expected), actual)


def _signature(text: str) -> inspect.Signature:
    namespace: dict[str, Any] = {}
    exec(f"def declared{text}: pass", namespace)  # noqa: S102  # the text is ours: an entry of the table
    return inspect.signature(namespace["declared"])


def _problem_with(expected: list[P], actual: dict[str, P]) -> str | None:
    if all(p.kind is P.POSITIONAL_ONLY for p in actual.values()):  # programs override it, with names of their own
        actual = {name: p.replace(kind=P.POSITIONAL_OR_KEYWORD) for name, p in actual.items()}
    positions = [name for name, p in actual.items() if p.kind is P.POSITIONAL_OR_KEYWORD]
    for index, parameter in enumerate(expected):
        own = actual.pop(parameter.name, None)
        if own is None or own.kind is not parameter.kind:
            return f"it takes no {parameter}"
        if own.kind is P.POSITIONAL_OR_KEYWORD and positions[index] != parameter.name:
            return f"{parameter.name} is not parameter number {index + 1}"
        if parameter.default is ... and own.default is P.empty:
            return f"{parameter.name} has no default"
        if parameter.default not in (P.empty, ..., own.default):
            return f"{own} instead of {parameter}"
    variable = (P.VAR_KEYWORD, P.VAR_POSITIONAL)
    required = [p.name for p in actual.values() if p.default is P.empty and p.kind not in variable]
    return f"it also needs {required}" if required else None


@pytest.mark.parametrize(("module", "entry"), SAME)
def test_entry_works_as_in_python_cqrs(module: str, entry: str) -> None:
    assert problem_with(module, entry) is None


@pytest.mark.parametrize(("module", "entry"), DIFFERENT)
def test_difference_is_one(module: str, entry: str) -> None:
    assert problem_with(module, entry) is not None, "it works: move it to [same]"


@pytest.mark.parametrize("name", LATER)
def test_later_topic_is_not_there_yet(name: str) -> None:
    module, _, member = name.rpartition(".")
    with pytest.raises((ImportError, AttributeError)):
        if member[0].isupper() or module == "cqrs":
            find(module, member)
        else:
            importlib.import_module(name)


def test_upgrade_page_names_every_difference_and_every_later_topic() -> None:
    page = PAGE.read_text(encoding="utf-8")
    different = [dotted(*entry).rpartition(".")[2] for entry in DIFFERENT]
    assert [name for name in [*different, *LATER] if name not in page] == []
