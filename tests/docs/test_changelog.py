"""The fragments are of a known kind, and a release collects them."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.docs.changelog import KINDS, collect, fragments, kind_of
from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_each_fragment_has_a_kind_and_a_text() -> None:
    found = fragments(ROOT / "changelog.d")
    assert [path.name for path in found if kind_of(path) not in KINDS or not path.read_text().strip()] == []


def test_release_collects_fragments_by_kind_above_earlier_releases(tmp_path: Path) -> None:
    folder = tmp_path / "changelog.d"
    folder.mkdir()
    (folder / "README.md").write_text("How to write one.")
    for version, names in (("0.1.0", ["b.fixed.md"]), ("0.2.0", ["a.fixed.md", "c.added.md"])):
        for name in names:
            (folder / name).write_text(f"{name}\nis new.\n")
        collect(tmp_path, version, dt.date(2026, 1, 2))
    assert (tmp_path / "CHANGELOG.md").read_text() == (
        "# Changelog\n\n"
        "## 0.2.0 (2026-01-02)\n\n### Added\n\n* c.added.md\n  is new.\n\n### Fixed\n\n* a.fixed.md\n  is new.\n\n"
        "## 0.1.0 (2026-01-02)\n\n### Fixed\n\n* b.fixed.md\n  is new.\n"
    )
    assert [path.name for path in folder.iterdir()] == ["README.md"]


def test_release_without_fragments_is_refused(tmp_path: Path) -> None:
    (tmp_path / "changelog.d").mkdir()
    with pytest.raises(SystemExit, match="no fragment"):
        collect(tmp_path, "0.1.0", dt.date(2026, 1, 2))
    assert not (tmp_path / "CHANGELOG.md").exists()


def test_page_about_releases_names_targets_and_modules_that_exist() -> None:
    page = (ROOT / "RELEASE.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", page)) <= targets
    modules = re.findall(r"python -m (tests[\w.]+)", page)
    assert modules
    assert [name for name in modules if not (ROOT / f"{name.replace('.', '/')}.py").exists()] == []
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
