"""Runs the programs and leaves no trace of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.seeds.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.seeds.program import Run


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs a program by its name and returns its module."""
    before = set(sys.modules)
    yield lambda name: Program(name).run()
    for name in set(sys.modules) - before:
        if sys.modules[name].__spec__ is None:  # made here, not imported
            del sys.modules[name]
