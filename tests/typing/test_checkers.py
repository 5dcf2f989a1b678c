from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = "tests/typing"

CHECKERS = {
    "mypy": [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", CASES],
    "pyright": [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--warnings", CASES],
}


@pytest.mark.typing
@pytest.mark.parametrize("command", CHECKERS.values(), ids=CHECKERS)
def test_the_checker_agrees_with_every_case(command: list[str]) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
