"""The page about the architecture names files and functions that exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.modules import SOURCE
from tests.architecture.rings import PACKAGE

PACKAGE_FOLDER = SOURCE / PACKAGE
PAGE = (SOURCE.parent / "docs" / "explanation" / "architecture.md").read_text()
ROUTES = PAGE.partition("## Three routes")[2].partition("\n## ")[0]
HOPS = re.findall(r"^\| \d+ \| `(\S+\.py)` `(\S+)` \|", ROUTES, re.MULTILINE)
FILES = set(re.findall(r"[\w/]+/\w+\.py", PAGE))
FOLDERS = {folder for folder in re.findall(r"`([\w/]+/)`", PAGE) if not folder.startswith(("tests", "src"))}


@pytest.mark.parametrize(("file", "name"), HOPS, ids=[f"{file}-{name}" for file, name in HOPS])
def test_hop_of_a_route_exists(file: str, name: str) -> None:
    body: list[ast.stmt] = ast.parse((PACKAGE_FOLDER / file).read_text()).body
    for part in name.split("."):
        found = [
            each
            for each in body
            if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and each.name == part
        ]
        assert found, f"{file} does not define {name}"
        body = found[-1].body


def test_each_hop_is_checked() -> None:
    assert len(HOPS) == len(re.findall(r"^\| \d+ \|", ROUTES, re.MULTILINE)) > 30
    assert len(re.findall(r"^### ", ROUTES, re.MULTILINE)) == 3


@pytest.mark.parametrize("file", sorted(FILES))
def test_file_on_the_page_exists(file: str) -> None:
    places = [SOURCE.parent, PACKAGE_FOLDER, PACKAGE_FOLDER / "message_brokers", PACKAGE_FOLDER / "testing"]
    assert [place for place in places if (place / file).is_file()]


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_folder_on_the_page_exists(folder: str) -> None:
    assert [place for place in (PACKAGE_FOLDER, PACKAGE_FOLDER / "message_brokers") if (place / folder).is_dir()]
