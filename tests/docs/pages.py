"""Finds the Python blocks of a page.

The blocks of one page are one program, run from top to bottom in one namespace. `await` works outside of functions.

    <!-- skip: why -->      before a block: it is compiled and not run. The reason is required.
    <!-- expect: text -->   after a block: what the block prints, on one line or on several.
    Output:                 after a block, followed by a block of ```text: the same, visible to the reader.

`...` in an expected text stands for anything, such as an id or a time.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(
    r"^(?P<indent>[ ]*)(?P<fence>`{3,}|~{3,})[ ]*(?P<language>[\w.+-]*)(?P<rest>[^\n]*)\n"
    r"(?P<code>.*?)"
    r"^(?P=indent)(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_SKIP = re.compile(r"<!--\s*skip:(?P<reason>.*?)-->\s*\Z", re.DOTALL)
_EXPECT = re.compile(r"\s*<!--\s*expect:(?P<text>.*?)-->", re.DOTALL)
_OUTPUT = re.compile(r"\s*Output:\s*")


class BadPage(Exception):
    """A mark on a page cannot be understood; the text says where and what to write."""


@dataclass(frozen=True)
class Block:
    """One block of Python: `line` is that of its first statement, `expected` what it has to print, if stated."""

    code: str
    line: int
    skip: str | None
    expected: str | None


def pages() -> list[Path]:
    """Every page that is tested."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> list[Block]:
    """The Python blocks of a page, in order."""
    return list(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    fences = list(_FENCE.finditer(text))
    for number, fence in enumerate(fences):
        if fence["language"] not in {"python", "py", "python3"}:
            continue
        line = text.count("\n", 0, fence.start("code")) + 1
        before = text[fences[number - 1].end() if number else 0 : fence.start()]
        skip = _SKIP.search(before)
        reason = None if skip is None else skip["reason"].strip()
        if reason == "":
            raise BadPage(f"line {line}: say why the block is not run: <!-- skip: reason -->")
        following = fences[number + 1] if number + 1 < len(fences) else None
        yield Block(textwrap.dedent(fence["code"]), line, reason, _expected(text, fence, following))


def _expected(text: str, fence: re.Match[str], following: re.Match[str] | None) -> str | None:
    between = text[fence.end() : following.start() if following else len(text)]
    if comment := _EXPECT.match(between):
        return textwrap.dedent(comment["text"]).strip()
    if following and following["language"] == "text" and _OUTPUT.fullmatch(between):
        return textwrap.dedent(following["code"]).strip()
    return None
