"""Reads and runs a program of `blocks/`: a user's code between two marks, and what it needs before and after.

`# --- seed ---` begins the user's code and `# --- end ---` ends it; a program may hold several parts of one document.
`# --- seed, uncommented ---` begins a part that the document has in comments. Nothing was changed but indentation,
except for lines that Python cannot read as they stand: these end in `# was: ` and the line of the document.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    Run = Callable[[str], Awaitable[types.ModuleType]]

BLOCKS = Path(__file__).parent / "blocks"

_PART = re.compile(
    r"^[ ]*# --- seed(?P<commented>, uncommented)? ---\n(?P<code>.*?)^[ ]*# --- end ---$", re.DOTALL | re.MULTILINE
)
_EDIT = re.compile(r"^(?P<code>.*?)\s*# was: (?P<original>.*)$")


@dataclasses.dataclass(frozen=True)
class Edit:
    """A line of a program, and what it was in the document."""

    code: str
    original: str

    def is_slip(self) -> bool:
        """Whether nothing was done but to add a missing colon or comma, or to leave out a `...` for more arguments."""
        without_dots = self.original.replace(", ...", "").replace("..., ", "").removeprefix("...")
        return self.code in {f"{self.original}:", f"{self.original},", without_dots}


class Program:
    """One file of `blocks/`, called by its name without the suffix."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.document = name.split("_", 1)[0]
        self._path = BLOCKS / f"{name}.py"
        self._source = self._path.read_text(encoding="utf-8")

    def edits(self) -> list[Edit]:
        """The lines that differ from the document by more than their indentation."""
        lines = (line for part in _PART.finditer(self._source) for line in part["code"].splitlines())
        return [Edit(found["code"].strip(), found["original"]) for line in lines if (found := _EDIT.match(line))]

    def parts(self) -> Iterator[str]:
        """The user's code as the document has it, but for indentation and empty lines."""
        for part in _PART.finditer(self._source):
            lines = [_EDIT.sub(r"\g<original>", line).strip() for line in part["code"].splitlines()]
            yield plain([f"# {line}" for line in lines] if part["commented"] else lines)

    async def run(self) -> types.ModuleType:
        """Run the program, with `await` at its top level, and return it as a module."""
        code = compile(self._source, str(self._path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        module = types.ModuleType(f"seed_{self.name}")
        sys.modules[module.__name__] = module  # where annotations are looked up
        running = eval(code, vars(module))  # noqa: S307  # to run them is what the programs are here for
        if inspect.iscoroutine(running):
            await running
        return module


def plain(lines: Iterable[str]) -> str:
    """The lines without indentation, without what trails, and without empty ones."""
    return "".join(f"{line.strip()}\n" for line in lines if line.strip(" \t#"))
