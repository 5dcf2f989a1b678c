"""What programs for python-cqrs 4.x import and call works here too, or is known, with a reason, not to."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "upgrading" / "from-python-cqrs.md"
LISTING = ROOT.parent / "shared" / "API-4X.md"

TABLE = tomllib.loads(Path(__file__).with_name("compat_api.toml").read_text(encoding="utf-8"))
SAME = [(module, entry) for module, entries in TABLE["same"].items() for entry in entries]
DIFFERENT = [(row["module"], entry) for row in TABLE["different"] for entry in row["entries"]]
GONE = [(row["module"], entry) for row in TABLE["different"] if row.get("gone") for entry in row["entries"]]
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


def test_table_has_every_name_of_the_listing() -> None:
    if not LISTING.is_file():
        pytest.skip("the listing is not in the repository; it is compared where it lies beside the checkout")
    known = {dotted(*entry) for entry in [*SAME, *DIFFERENT]}
    known |= {name.rpartition(".")[0] for name in known}
    absent = {*LATER, *(dotted(*entry) for entry in GONE)}
    missing = [
        name
        for name in _listed(LISTING.read_text(encoding="utf-8"))
        if name not in known and not {name, *_parents(name)} & absent and not _is_method_of_an_alias(name)
    ]
    assert missing == []


def _listed(text: str) -> Iterator[str]:
    """Every dotted name of the listing: classes, functions and methods."""
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    for name in head.partition("Package-level names (`cqrs.X`):")[2].replace(".", "").split(","):
        yield f"cqrs.{name.strip()}"
    for section in sections:
        module, *lines = section.splitlines()
        owner = ""
        for line in lines:
            found = re.match(r"(?P<nested> {4})?- ((class|enum|property|async|def) )*(?P<name>\w+)", line)
            assert found is not None, line
            if not found["nested"]:
                owner = found["name"]
            if not found["name"].startswith("__"):
                yield f"{module}.{owner}.{found['name']}" if found["nested"] else f"{module}.{owner}"


def _parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}


def _is_method_of_an_alias(name: str) -> bool:
    """Whether its class is a second name for another one, whose methods are in the table."""
    owner, _, _ = name.rpartition(".")
    module, _, cls = owner.rpartition(".")
    return (module, cls) in SAME and find(module, cls).__name__ != cls
