"""What importing every name of `cqrs` does in a fresh interpreter: nothing but defining names."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import cqrs
from tests.architecture.modules import SOURCE
from tests.architecture.rings import DRIVERS

_PROBE = """
import sys

events = []

def watch(event, arguments):
    started = event.startswith(("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn", "_thread.start"))
    wrote = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if started or wrote:
        events.append(f"{event} {arguments[:2]}")

import json, logging, os, pydantic, threading  # their own doings are not ours

class Watched(type(os.environ)):
    read = []
    def __getitem__(self, key):
        self.read.append(key)
        return super().__getitem__(key)

os.environ.__class__ = Watched
sys.addaudithook(watch)
from cqrs import *
loggers = [name for name, logger in logging.root.manager.loggerDict.items()
           if name.partition(".")[0] == "cqrs" and isinstance(logger, logging.Logger)
           and (logger.level or logger.handlers)]
print(json.dumps({
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "environment": sorted({key for key in Watched.read if key.startswith("CQRS_")}),
    "events": events,
    "threads": threading.active_count(),
    "loggers": loggers,
    "root_handlers": len(logging.root.handlers),
}))
"""


def _run(program: str) -> dict[str, Any]:
    command = [sys.executable, "-I", "-B", "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    return _run(_PROBE)


def test_it_loads_no_driver(seen: dict[str, Any]) -> None:
    assert DRIVERS.intersection(seen["modules"]) == set()


def test_it_reads_none_of_our_environment_variables(seen: dict[str, Any]) -> None:
    assert seen["environment"] == []


def test_it_opens_no_connection_starts_no_process_and_writes_no_file(seen: dict[str, Any]) -> None:
    assert seen["events"] == []
    assert seen["threads"] == 1


def test_it_leaves_logging_to_the_application(seen: dict[str, Any]) -> None:
    assert seen["loggers"] == []
    assert seen["root_handlers"] == 0


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("import redis", "modules"),
        ("import os; os.environ.get('CQRS_X')", "environment"),
        ("open(os.devnull, 'w').close()", "events"),
        ("import logging; logging.getLogger('cqrs.x').setLevel(10)", "loggers"),
    ],
)
def test_the_probe_sees_what_it_looks_for(statement: str, where: str, seen: dict[str, Any]) -> None:
    assert _run(_PROBE.replace("from cqrs import *\n", f"{statement}\n"))[where] != seen[where]


def test_the_package_alone_imports_only_the_lookup_of_its_names_and_no_pydantic() -> None:
    program = "import json, sys, cqrs; print(json.dumps({'modules': sorted(sys.modules)}))"
    imported: list[str] = _run(program)["modules"]
    own = [name for name in imported if name.startswith("cqrs.") or name.partition(".")[0] == "pydantic"]
    assert own == ["cqrs._lazy_names"]


@pytest.mark.parametrize("module", ["errors", "requests", "events", "container", "mediator", "message_brokers"])
def test_a_module_can_be_reached_by_importing_the_package_alone(module: str) -> None:
    program = f"import json, cqrs; print(json.dumps({{'name': cqrs.{module}.__name__}}))"
    assert _run(program)["name"] == f"cqrs.{module}"


def test_a_name_that_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Requst'"):
        _ = cqrs.Requst  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["SqlAlchemyOutboxedEventRepository", "SqlAlchemyInboxRepository"])
def test_a_name_without_its_driver_raises_what_to_install(name: str) -> None:
    program = (
        "import json, sys\nsys.modules['sqlalchemy'] = None\nimport cqrs\n"
        f"try:\n    cqrs.{name}\nexcept ModuleNotFoundError as error:\n"
        "    print(json.dumps({'notes': error.__notes__}))"
    )
    (note,) = _run(program)["notes"]
    assert note.startswith(f"cqrs.{name} needs it")
    assert "cqrskit[postgres]" in note
