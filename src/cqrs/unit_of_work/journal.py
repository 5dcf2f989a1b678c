"""Step 4: state of a unit of work in memory that is undone together with the savepoint in which it was changed."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ABSENT = object()


class Journal:
    """Functions that undo changes; they are called in reverse order, back to a mark."""

    __slots__ = ("_undo",)

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    @property
    def mark(self) -> int:
        """The present position, for :meth:`undo_to`."""
        return len(self._undo)

    def note(self, undo: Callable[[], object]) -> None:
        """Call ``undo`` if the present savepoint or the transaction is undone."""
        self._undo.append(undo)

    def undo_to(self, mark: int) -> None:
        """Undo all changes since ``mark``."""
        while len(self._undo) > mark:
            self._undo.pop()()


class Info(MutableMapping[Any, Any]):
    """A dictionary whose changes are undone with the savepoint that they were made in."""

    __slots__ = ("_journal", "_values")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._values: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._values[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._journal.note(self._restoring(key))
        self._values[key] = value

    def __delitem__(self, key: Any) -> None:
        restore = self._restoring(key)
        del self._values[key]
        self._journal.note(restore)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _restoring(self, key: Any) -> Callable[[], None]:
        before = self._values.get(key, _ABSENT)

        def restore() -> None:
            if before is _ABSENT:
                self._values.pop(key, None)
            else:
                self._values[key] = before

        return restore
