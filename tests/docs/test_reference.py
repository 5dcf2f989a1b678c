"""Every public name is in the reference, and in one place of it."""

from __future__ import annotations

import importlib
import re
import textwrap
from collections import Counter
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from cqrs.testing import conformance
from tests.docs.outline import named, outline
from tests.docs.pages import ROOT
from tests.docs.reference import PAGES, written

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = [
    "cqrs",
    "cqrs.inbox",
    "cqrs.leases",
    "cqrs.message_brokers",
    "cqrs.migrations",
    "cqrs.outbox",
    "cqrs.workers",
]
DOCUMENTED = Counter(name for page in PAGES for name in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE))

SUITES = sorted(
    f"{path.stem}.{name}"
    for path in (ROOT / "src" / "cqrs" / "testing" / "conformance").glob("[a-z]*.py")
    for name in re.findall(r"^class (\w+Conformance)\b", path.read_text(), re.MULTILINE)
)


_SIZE = 3


@dataclass
class Example:
    """A class for the test below. This is its second sentence."""

    size: int = _SIZE
    _hidden: int = 4

    def __init__(self, size: int = _SIZE, *more: str) -> None:
        self.size = size + len(more)

    @property
    def name(self) -> str:
        """Its name,
        see :class:`~pathlib.Path`. That is all.
        """
        return str(self.size)

    async def work(self, first: int, /, *, then: str = "stop") -> None:
        pass

    def _helper(self) -> None:
        pass


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_outlines_on_the_page_match_the_source(page: Path) -> None:
    text = page.read_text()
    assert text == written(text), "run `python -m tests.docs.reference`, which writes the outlines anew"


def test_outline_has_signature_fields_and_first_sentences() -> None:
    assert (
        outline("tests.docs.test_reference.Example")
        == textwrap.dedent('''
        # tests/docs/test_reference.py
        @dataclass
        class Example:
            """A class for the test below."""
            size: int = 3
            def __init__(self, size: int = 3, *more: str) -> None: ...
            @property
            def name(self) -> str:
                """Its name, see `Path`."""
            async def work(self, first: int, /, *, then: str = "stop") -> None: ...
    ''').strip()
    )
