"""A name of a package loads the modules that it needs and no others; the tables that see to it are complete."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from importlib import import_module

import pytest

import cqrs
from tests.architecture.modules import SOURCE, facades, modules

LAZY = sorted(name for name in facades() if "_lazy_names(" in modules()[name].read_text())

LARGEST = {
    "Backoff": 26,
    "Container": 5,
    "Envelope": 24,
    "Event": 32,
    "OutboxedEvent": 5,
    "Request": 16,
    "RequestHandler": 44,
    "Response": 12,
    "UnitOfWork": 36,
    "errors": 22,
    "RequestMediator": 120,
    "Database": 140,
}
"""How many modules of this package the first use of a name may load."""

WITHOUT_PYDANTIC = ("Backoff", "Container", "Envelope", "OutboxedEvent", "UnitOfWork", "errors")

SLOW_TO_IMPORT = (
    "pydantic",
    "pydantic_core",
    "sqlalchemy",
    "asyncio",
    "cqrs.assembly",
    "cqrs.errors",
    "cqrs.migrations.engine",
    "cqrs.migrations.naming",
    "cqrs.migrations.steps",
)
"""What the help of the command line needs nothing of."""


@cache
def loaded_by(program: str) -> list[str]:
    """The modules that a fresh interpreter has loaded after ``program``."""
    start, end = f"sys.path.insert(0, {str(SOURCE)!r})", "print(json.dumps(list(sys.modules)), file=sys.stderr)"
    code = f"import json, sys\n{start}\n{program}\n{end}"
    done = subprocess.run([sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stderr)
    return names


def imported_for_type_checkers(package: str) -> dict[str, tuple[str, ...]]:
    """The names that the ``__init__`` of ``package`` imports from each module under ``TYPE_CHECKING``."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(modules()[package].read_text())):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "typing.TYPE_CHECKING":
            for each in node.body:
                assert isinstance(each, ast.ImportFrom)
                found.setdefault(str(each.module), []).extend(alias.name for alias in each.names)
    found.pop(package, None)  # modules of the package itself
    return {module: tuple(sorted(names)) for module, names in found.items()}


def test_the_packages_of_many_modules_are_lazy() -> None:
    assert {"cqrs", "cqrs.events", "cqrs.outbox", "cqrs.requests", "cqrs.workers"} <= set(LAZY)


@pytest.mark.parametrize("package", LAZY)
def test_the_table_of_a_package_lists_what_type_checkers_see(package: str) -> None:
    table: dict[str, tuple[str, ...]] = import_module(package)._NAMES_IN
    assert {module: tuple(sorted(names)) for module, names in table.items()} == imported_for_type_checkers(package)


@pytest.mark.parametrize("package", LAZY)
def test_the_table_of_a_package_lists_its_public_names(package: str) -> None:
    module = import_module(package)
    listed = [name for names in module._NAMES_IN.values() for name in names]
    public = [*module.__all__, *getattr(module, "_WITH_DRIVER", ())]
    assert sorted(listed) == sorted(name for name in public if f"{package}.{name}" not in facades())


@pytest.mark.parametrize("package", LAZY)
def test_a_name_comes_from_the_module_that_the_table_has_for_it(package: str) -> None:
    module = import_module(package)
    for place, names in module._NAMES_IN.items():
        for name in names:
            assert getattr(module, name) is getattr(import_module(place), name)
            assert name in dir(module)


@pytest.mark.parametrize("name", LARGEST)
def test_a_name_loads_no_more_than_it_needs(name: str) -> None:
    names = loaded_by(f"import cqrs; cqrs.{name}")
    ours = [each for each in names if each.partition(".")[0] == "cqrs"]
    assert len(ours) <= LARGEST[name], ours


@pytest.mark.parametrize("name", WITHOUT_PYDANTIC)
def test_a_name_that_checks_no_data_does_not_load_pydantic(name: str) -> None:
    assert "pydantic" not in loaded_by(f"import cqrs; cqrs.{name}")


def test_a_submodule_can_be_used_after_an_import_of_its_package_alone() -> None:
    assert "cqrs.events.map" in loaded_by("import cqrs.events; cqrs.events.map.EventMap")


def test_a_name_that_a_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'cqrs.events' has no attribute 'Evnt'"):
        _ = cqrs.events.Evnt  # type: ignore[attr-defined]


def test_the_help_of_the_command_line_loads_nothing_that_is_slow_to_import() -> None:
    program = (
        "import runpy\nsys.argv = ['cqrs', '--help']\n"
        "try:\n    runpy.run_module('cqrs', run_name='__main__')\nexcept SystemExit as end:\n    assert not end.code"
    )
    names = loaded_by(program)
    assert "cqrs.cli.db" in names
    assert [name for name in names if name.startswith(SLOW_TO_IMPORT)] == []
