from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cqrs.migrations.plan import downward, upward
from cqrs.migrations.steps import Step

STEPS = [
    Step(subject, subject, version, f"{version:04}_x", (f"make {subject} {version}",), (f"drop {subject} {version}",))
    for subject in ("a", "b")
    for version in (1, 2, 3)
]
BOOKS = st.frozensets(st.sampled_from([step.entry for step in STEPS]))


@given(BOOKS)
def test_steps_that_are_not_in_the_book_are_applied_in_order_and_noted(book: frozenset[tuple[str, str, int]]) -> None:
    plan = upward(STEPS, book)
    assert [step for step, _ in plan] == [step for step in STEPS if step.entry not in book]
    assert all(statements == (*step.up, step.entry.insert) for step, statements in plan)


@given(BOOKS, st.integers(0, 3))
def test_steps_in_the_book_are_undone_from_the_last_and_forgotten(
    book: frozenset[tuple[str, str, int]], to: int
) -> None:
    plan = downward(STEPS, book, to=to)
    assert [step for step, _ in plan] == [step for step in STEPS[::-1] if step.entry in book and step.version > to]
    assert all(statements == (*step.down, step.entry.delete) for step, statements in plan)


def test_without_a_book_all_steps_are_run_and_can_be_run_again() -> None:
    assert [statements for _, statements in upward(STEPS, None)] == [
        (*step.up, step.entry.delete, step.entry.insert) for step in STEPS
    ]
    assert [statements for _, statements in downward(STEPS, None)] == [
        (*step.down, step.entry.delete) for step in STEPS[::-1]
    ]
