"""A dict and a list that tell when they are changed, in whatever way that is done."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")


def _nobody_listens() -> None:
    pass


class WatchedDict(dict[K, V]):
    """Calls ``on_change`` after each change."""

    on_change: Callable[[], None] = staticmethod(_nobody_listens)


class WatchedList(list[V]):
    """Calls ``on_change`` after each change."""

    on_change: Callable[[], None] = staticmethod(_nobody_listens)


_CHANGING = {
    WatchedDict: ("__setitem__", "__delitem__", "__ior__", "update", "setdefault", "pop", "popitem", "clear"),
    WatchedList: (
        *("__setitem__", "__delitem__", "__iadd__", "__imul__", "append", "extend", "insert"),
        *("remove", "pop", "clear", "sort", "reverse"),
    ),
}


def _telling(change: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(change)
    def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = change(self, *args, **kwargs)
        self.on_change()
        return result

    return changed


for _watched, _names in _CHANGING.items():
    for _name in _names:
        setattr(_watched, _name, _telling(getattr(_watched, _name)))
