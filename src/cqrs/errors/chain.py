"""The errors behind an error: those that it was raised from, raised while handling, wraps, or groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Behind = Callable[[BaseException], Iterable[object]]
    """The direct predecessors of an error; whatever is no error among them is left out."""


def cause(error: BaseException) -> Iterable[object]:
    """The error that ``error`` was raised from."""
    return (error.__cause__,)


def cause_or_context(error: BaseException) -> Iterable[object]:
    """The error that ``error`` was raised from, or else the one that was being handled."""
    return (error.__cause__ or error.__context__,)


def all_in_traceback(error: BaseException) -> Iterable[object]:
    """Each error that a traceback of ``error`` shows beside it."""
    return (error.__cause__, error.__context__, *getattr(error, "exceptions", ()))


def chain(error: BaseException, behind: Behind, seen: set[int] | None = None) -> Iterator[BaseException]:
    """``error`` and all errors behind it, each once, the nearest first.

    Some drivers raise an error from one that it has led to, so that a chain can be a circle. Errors whose ``id`` is in
    ``seen`` are left out, with those behind them, and each error that is found is added to it.
    """
    seen = set() if seen is None else seen
    following: list[object] = [error]
    for one in following:
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            following += behind(one)
