"""What the pages tell people to install can be installed."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, pages

if TYPE_CHECKING:
    from pathlib import Path

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"].keys()
OF_THE_PROJECT = {"demo", "dev", "docs", "sqlalchemy"}
"""Those that a user of the package never installs by name."""


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_extra_on_a_page_exists(page: Path) -> None:
    named = re.findall(r"cqrskit\[([\w,-]+)\]", page.read_text())
    assert {extra for names in named for extra in names.split(",")} <= EXTRAS


def test_the_readme_names_every_extra() -> None:
    (table,) = re.findall(r"\| for \| extras \|\n(.*?)\n\n", (ROOT / "README.md").read_text(), re.DOTALL)
    assert set(re.findall(r"`([\w-]+)`", table)) == EXTRAS - OF_THE_PROJECT
