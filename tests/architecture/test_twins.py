"""Guards that `make twins` takes out: they are still where the lists say, and the tests that notice them are there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

FAULTS = Path("tests/faults")
LISTS = [path.stem for path in sorted(FAULTS.glob("*twins*.py"))]
TWINS = [twin for name in LISTS for twin in getattr(importlib.import_module(f"tests.faults.{name}"), "TWINS", ())]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.guard)
def test_a_guard_can_be_taken_out(twin: object) -> None:
    text = (Path("src/cqrs") / twin.file).read_text()  # type: ignore[attr-defined]
    assert text.count(twin.old) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.guard)
def test_the_test_that_notices_it_is_there(twin: object) -> None:
    file, *names = twin.test.split("::")  # type: ignore[attr-defined]
    assert Path(file).is_file()
    name = re.split(r"\[", names[-1])[0]
    classes = [part for part in names[:-1] if part.startswith("Test")]
    assert classes or f"def {name}(" in Path(file).read_text()
