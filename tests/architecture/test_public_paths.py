"""Every path that users were shown stays: those of the pages, of the examples and of the programs of python-cqrs.

`public_paths.txt` only grows, one path a line. Where a module has moved, a file under its old name imports its names.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

PATHS = (Path(__file__).parent / "public_paths.txt").read_text().split()


def named(path: str) -> Any:
    """What a name with dots stands for."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(named(module), name)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_users_were_shown_can_be_imported(path: str) -> None:
    assert named(path) is not None
