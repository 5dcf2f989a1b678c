"""Guards that `make twins` takes out: they are still where the lists say, and the tests that notice them are there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.twins.choice import bounded, rotating, touched
from tests.twins.runner import is_there
from tests.twins.twin import Twin, topics

TWINS = [twin for twins in topics().values() for twin in twins]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.guard)
def test_a_guard_can_be_taken_out(twin: Twin) -> None:
    assert is_there(twin), f"{twin.file} does not have this text once: {twin.old}"


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.guard)
def test_the_test_that_notices_it_is_there(twin: Twin) -> None:
    file, *names = twin.test.split("::")
    assert Path(file).is_file()
    name = re.split(r"\[", names[-1])[0]
    suites = Path("src/cqrs/testing").rglob("*.py") if len(names) > 1 else ()  # a class may get it from a suite
    assert any(f"def {name}(" in path.read_text() for path in (Path(file), *suites))


def test_each_guard_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(twin.guard for twin in TWINS).items() if count > 1] == []


def test_each_guard_is_taken_out_once_in_ten_days() -> None:
    days = [f"2026-02-{day}" for day in range(21, 29)] + ["2026-03-01", "2026-03-02"]
    assert sorted(twin.guard for day in days for twin in rotating(TWINS, day)) == sorted(twin.guard for twin in TWINS)


def test_guards_are_chosen_by_the_files_of_a_change() -> None:
    ours, theirs = (
        Twin("a", "a.py", "", "", "tests/test_a.py::test"),
        Twin("b", "b.py", "", "", "tests/test_b.py::test"),
    )
    assert touched([ours, theirs], {"src/cqrs/a.py"}) == [ours]
    assert touched([ours, theirs], {"tests/test_b.py"}) == [theirs]
    assert touched([ours, theirs], {"src/cqrs/a.py", "tests/test_b.py", "README.md"}) == [ours, theirs]
    assert touched([ours, theirs], {"a.py"}) == []


def test_a_sample_of_too_many_guards_is_the_same_all_day() -> None:
    sample = bounded(TWINS, 20, "2026-02-21")
    assert len(set(sample)) == 20
    assert sample == bounded(TWINS, 20, "2026-02-21") != bounded(TWINS, 20, "2026-02-22")
    assert bounded(TWINS, len(TWINS), "2026-02-21") == TWINS
