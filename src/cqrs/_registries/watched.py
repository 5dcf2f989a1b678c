"""A dict and a list that call a function after each change, whichever method makes it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")


def _do_nothing() -> None:
    pass


class WatchedDict(dict[K, V]):
    """A dict that calls ``on_change`` after each change."""

    on_change: Callable[[], None] = staticmethod(_do_nothing)


class WatchedList(list[V]):
    """A list that calls ``on_change`` after each change."""

    on_change: Callable[[], None] = staticmethod(_do_nothing)


_CHANGING = {
    WatchedDict: ("__setitem__", "__delitem__", "__ior__", "update", "setdefault", "pop", "popitem", "clear"),
    WatchedList: (
        *("__setitem__", "__delitem__", "__iadd__", "__imul__", "append", "extend", "insert"),
        *("remove", "pop", "clear", "sort", "reverse"),
    ),
}


def _with_report(change: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(change)
    def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = change(self, *args, **kwargs)
        self.on_change()
        return result

    return changed


for _watched, _names in _CHANGING.items():
    for _name in _names:
        setattr(_watched, _name, _with_report(getattr(_watched, _name)))
