"""The words of public names and settings, and those of the glossary."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = ROOT / "docs" / "reference"
GLOSSARY = REFERENCE / "glossary.md"

_OUTLINE = re.compile(r"^```pyi\n(.*?)^```", re.MULTILINE | re.DOTALL)
_OPTION = re.compile(r"`--([a-z-]+)")
_COMMAND = re.compile(r"^\| `([a-z ]+)", re.MULTILINE)
_VARIABLE = re.compile(r"^\| `([A-Z_]+)", re.MULTILINE)
_WORD = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z]|[^a-zA-Z]|$)|[A-Z]?[a-z]+|[A-Z]")


def public_names() -> set[str]:
    """Each public class, function, parameter, attribute and enum member; commands, options and variables."""
    names = {name for page in REFERENCE.glob("*.md") for name in _defined(page.read_text(encoding="utf-8"))}
    commands = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
    variables = (REFERENCE / "environment.md").read_text(encoding="utf-8").partition("\n## Of the project")[0]
    return names | {*_OPTION.findall(commands), *_COMMAND.findall(commands), *_VARIABLE.findall(variables)}


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters: `event_type` and `EventType` have the same."""
    return [word.lower() for word in _WORD.findall(name)]


def explained() -> set[str]:
    """The words that the glossary explains: those in the first column of its tables."""
    rows = re.findall(r"^\| ([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return {word for row in rows for word in words_of(row) if row not in {"word", "---"}}


def _defined(page: str) -> Iterator[str]:
    for outline in _OUTLINE.findall(page):
        for node in ast.walk(ast.parse(outline)):
            match node:
                case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield node.name
                case ast.arg(arg=name) | ast.AnnAssign(target=ast.Name(id=name)):
                    yield name
                case ast.Assign(targets=targets):
                    yield from (target.id for target in targets if isinstance(target, ast.Name))
                case _:
                    pass
