"""What the code of services does within a turn: data, one entry for each habit."""

from __future__ import annotations

from tests.natural.habits import apart, assembled, endings, failures, nested, plain
from tests.natural.habits.habit import Habit

__all__ = ["HABITS", "Habit"]

HABITS = [
    *plain.HABITS,
    *nested.HABITS,
    *failures.HABITS,
    *endings.HABITS,
    *apart.HABITS,
    *assembled.HABITS,
]
