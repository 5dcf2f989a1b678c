"""Files that the pages name exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, pages

if TYPE_CHECKING:
    from pathlib import Path

NAMED = re.compile(r"\b(?:tests|src|examples|benchmarks)/[\w/.-]+\.(?:py|txt|md)\b")
PAGES = [*pages(), ROOT / "CONTRIBUTING.md", ROOT / "RELEASE.md", ROOT / "tests" / "faults" / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_the_page_names_exist(page: Path) -> None:
    assert sorted(name for name in set(NAMED.findall(page.read_text())) if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT], ids=lambda page: page.name)
def test_links_of_the_page_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)[)#]", page.read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []
