from __future__ import annotations

from statistics import median

from tests.architecture.sizes import LONGEST, MEDIAN, lines, summary


def test_no_file_is_longer_than_the_limit() -> None:
    print(summary())  # noqa: T201  # pytest shows it with -s and on a failure
    assert [(name, count) for name, count in lines().items() if count > LONGEST] == []


def test_the_median_file_fits_on_a_screen_or_two() -> None:
    assert median(lines().values()) <= MEDIAN, summary()
