from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import ROOT, pages

if TYPE_CHECKING:
    from pathlib import Path


def run_page(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Each page gets a process: what it registers, patches or leaves running does not reach another one."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.docs.run_page", str(page)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def marked(page: Path) -> Any:
    """How-to pages are many, and a process for each takes its time."""
    return pytest.param(page, marks=[pytest.mark.slow] if page.parent.name == "how-to" else [])


@pytest.mark.parametrize("page", [marked(page) for page in pages()], ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_the_page_runs(page: Path, tmp_path: Path) -> None:
    done = run_page(page, tmp_path)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
