"""Each page is in one place of the navigation, and on the index page of its section under the same group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
SECTIONS = sorted(path.parent for path in DOCS.glob("*/index.md"))
TITLES = {page: re.sub(r"^# (\d+\. )?", "", page.read_text().partition("\n")[0]) for page in DOCS.rglob("*.md")}

_ROW = re.compile(r"^\| (?:\d+ \| )?\[(?P<title>[^]]+)\]\((?P<page>[\w.-]+\.md)\) \|", re.MULTILINE)


def by_group(section: Path) -> dict[str, list[str]]:
    """The pages of each group of a section's `.nav.yml`; those without a group are under an empty name."""
    groups: dict[str, list[str]] = {}
    entries: list[Any] = yaml.safe_load((section / ".nav.yml").read_text())["nav"]
    for entry in entries:
        if entry == {"glob": "*"}:
            rest = {page.name for page in section.glob("*.md")} - {"index.md"}
            groups.setdefault("", []).extend(sorted(rest))
        elif isinstance(entry, dict):
            groups.update(entry)
        elif entry != "index.md":
            groups.setdefault("", []).append(entry)
    return groups


def test_navigation_names_each_section() -> None:
    nav = yaml.safe_load((DOCS / ".nav.yml").read_text())["nav"]
    sections = [folder for entry in nav if isinstance(entry, dict) for folder in entry.values()]
    assert sorted(sections) == sorted({page.parent.name for page in DOCS.glob("*/*.md")})
    assert sorted(sections) == [section.name for section in SECTIONS]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_each_page_is_in_one_group(section: Path) -> None:
    pages = [page for group in by_group(section).values() for page in group]
    assert sorted(pages) == sorted(page.name for page in section.glob("*.md") if page.name != "index.md")


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_index_page_has_the_same_groups_as_the_navigation(section: Path) -> None:
    introduction, *parts = re.split(r"^## (.+)$", (section / "index.md").read_text(), flags=re.MULTILINE)
    texts = {"": introduction, **dict(zip(parts[::2], parts[1::2], strict=True))}
    groups = {name: [row["page"] for row in _ROW.finditer(text)] for name, text in texts.items()}
    assert {name: pages for name, pages in groups.items() if pages} == by_group(section)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_index_page_calls_each_page_by_its_title(section: Path) -> None:
    rows = list(_ROW.finditer((section / "index.md").read_text()))
    assert {row["page"]: row["title"] for row in rows} == {row["page"]: TITLES[section / row["page"]] for row in rows}
