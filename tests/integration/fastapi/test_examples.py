"""The examples print what they say they print."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest

from tests.servers.recipe import ROOT


@pytest.mark.parametrize("name", ["examples.fastapi_app", "examples.fastapi_streaming"])
def test_example_prints_the_output_of_its_docstring(name: str) -> None:
    expected = re.search(r"::\n\n((?: {4}.*\n)+)", inspect.getdoc(import_module(name)) or "")
    assert expected is not None
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == inspect.cleandoc(expected[1]) + "\n"
