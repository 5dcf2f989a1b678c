"""Serves the program of the page ``PAGE`` up to a heading, and counts the mediators that it makes."""

from __future__ import annotations

import os
import sys
import time
import types
from typing import TYPE_CHECKING, Any

from cqrs.requests import bootstrap
from tests.docs.pages import ROOT, blocks

if TYPE_CHECKING:
    import fastapi

MADE: list[object] = []
_bootstrap = bootstrap.bootstrap


def _slowly(*arguments: Any, **options: Any) -> Any:
    time.sleep(0.2)  # as for 150 handlers
    MADE.append(_bootstrap(*arguments, **options))
    return MADE[-1]


bootstrap.bootstrap = _slowly  # type: ignore[assignment]

name, _, heading = os.environ["PAGE"].partition("#")
text = (ROOT / "docs" / "how-to" / name).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[0]
text = text.replace(*os.environ.get("MISTAKE", " | ").split("|"))
program = sys.modules["page"] = types.ModuleType("page")
for block in blocks(text):
    exec(compile(block.code, name, "exec", dont_inherit=True), program.__dict__)  # noqa: S102

app: fastapi.FastAPI = program.__dict__["app"]


@app.get("/mediators")
async def made() -> int:
    return len(MADE)
