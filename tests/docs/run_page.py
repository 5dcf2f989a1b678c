"""Runs the blocks of one page as a program: `python -m tests.docs.run_page PAGE`, in a folder of its own."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import difflib
import inspect
import io
import re
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tests.docs.pages import blocks

if TYPE_CHECKING:
    from tests.docs.pages import Block


class _Both(io.StringIO):
    """Keeps what is printed and passes it on, so that a failure shows how far the page got."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out

    def write(self, text: str) -> int:
        self._out.write(text)
        return super().write(text)


def run(page: Path) -> None:
    """Run the page; raises what a block raises, and `AssertionError` if its output differs from the stated one."""
    program = types.ModuleType("__main__")
    program.__file__ = str(page)
    sys.modules["__main__"] = program  # classes of the page look up their annotations here
    with asyncio.Runner() as runner:  # one loop for the page, so that what a block opens the next one can use
        for block in blocks(page.read_text()):
            code = _compiled(block, page)
            if block.skip is not None:
                continue
            with contextlib.redirect_stdout(_Both(sys.stdout)) as printed:
                result = eval(code, program.__dict__)  # noqa: S307  # running it is the purpose
                if code.co_flags & inspect.CO_COROUTINE:
                    runner.run(result)
            if block.expected is not None:
                _compare(block, printed.getvalue(), page)


def _compiled(block: Block, page: Path) -> types.CodeType:
    # Empty lines in front make the line numbers of tracebacks those of the page.
    source = "\n" * (block.line - 1) + block.code
    compiled = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    assert isinstance(compiled, types.CodeType)
    return compiled


def _compare(block: Block, printed: str, page: Path) -> None:
    expected = [line.rstrip() for line in (block.expected or "").splitlines()]
    actual = [line.rstrip() for line in printed.strip().splitlines()]
    pattern = ".*?".join(re.escape(part) for part in "\n".join(expected).split("..."))
    if re.fullmatch(pattern, "\n".join(actual), re.DOTALL) is None:
        difference = "\n".join(difflib.unified_diff(expected, actual, "the page", "the program", lineterm=""))
        raise AssertionError(
            f"{page.name}:{block.line}: the block prints something else than the page says\n{difference}"
        )


if __name__ == "__main__":
    run(Path(sys.argv[1]))
