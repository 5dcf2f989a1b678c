"""Every public name is in the reference, and in one place of it."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from types import ModuleType
from typing import Any

import pytest

from cqrs.testing import conformance
from tests.docs.pages import ROOT

PACKAGES = [
    "cqrs",
    "cqrs.inbox",
    "cqrs.leases",
    "cqrs.message_brokers",
    "cqrs.migrations",
    "cqrs.outbox",
    "cqrs.workers",
]
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
DOCUMENTED = Counter(name for page in PAGES for name in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE))

SUITES = sorted(
    f"{path.stem}.{name}"
    for path in (ROOT / "src" / "cqrs" / "testing" / "conformance").glob("[a-z]*.py")
    for name in re.findall(r"^class (\w+Conformance)\b", path.read_text(), re.MULTILINE)
)


def named(path: str) -> Any:
    """What a name with dots stands for."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(named(module), name)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_each_documented_name_exists_and_is_documented_once(name: str) -> None:
    same = [other for other in DOCUMENTED if named(other) is named(name)]
    assert [(other, DOCUMENTED[other]) for other in same] == [(name, 1)]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_documented(package: str) -> None:
    module = importlib.import_module(package)
    names = [*module.__all__, *getattr(module, "_WITH_DRIVER", ())]
    documented = [named(name) for name in DOCUMENTED]
    documented += [each for page in documented if isinstance(page, ModuleType) for each in vars(page).values()]
    assert [name for name in names if not any(each is getattr(module, name) for each in documented)] == []


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_is_on_the_page_of_back_ends(suite: str) -> None:
    module, name = suite.split(".")
    assert getattr(importlib.import_module(f"{conformance.__name__}.{module}"), name)
    row = f"`{module}`: "
    (line,) = [line for line in (ROOT / "docs/reference/conformance.md").read_text().splitlines() if row in line]
    assert f"`{name}`" in line.partition(row)[2]
