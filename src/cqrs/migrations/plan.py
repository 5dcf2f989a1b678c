"""Which statements bring the tables to a version, and in which order: decided without a connection.

Three loops run them: :mod:`cqrs.migrations.engine` over SQLAlchemy, :mod:`cqrs.integrations.alembic` in a revision, and
:mod:`cqrs.outbox.log.migrating` over a connection for replication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.migrations.book import Book
    from cqrs.migrations.steps import Step


class Work(NamedTuple):
    """A step, with the statements that apply or undo it, those for the book included."""

    step: Step
    statements: tuple[str, ...]


def upward(steps: Sequence[Step], book: Book | None) -> list[Work]:
    """What applies those of ``steps`` that are not in ``book``, the first step first.

    With ``None``, where no book can be read, it is all of them, and no harm is done if the book has some already.
    """
    if book is None:
        return [Work(step, (*step.up, step.entry.delete, step.entry.insert)) for step in steps]
    return [Work(step, (*step.up, step.entry.insert)) for step in steps if step.entry not in book]


def downward(steps: Sequence[Step], book: Book | None, *, to: int = 0) -> list[Work]:
    """What undoes those of ``steps`` that are above version ``to`` and in ``book``, the last step first.

    With ``None``, where no book can be read, it is all of them that are above ``to``.
    """
    undone = [step for step in reversed(steps) if step.version > to and (book is None or step.entry in book)]
    return [Work(step, (*step.down, step.entry.delete)) for step in undone]
