"""Tells when a dependency-injector container gets other providers than it had."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from cqrs._registries.watched import WatchedDict

if TYPE_CHECKING:
    from collections.abc import Iterable


class Watcher(Protocol):
    """Wants to know."""

    def look_again(self) -> None:
        """The container, or one within it, has other providers now."""
        ...


class _Watched(WatchedDict[str, Any]):
    """The providers of a container. Whoever watches them is not kept alive by it."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.watchers: WeakSet[Watcher] = WeakSet()
        self.on_change = self._tell

    def _tell(self) -> None:
        for watcher in [*self.watchers]:
            watcher.look_again()

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        """Those of a container that is made from this one are its own."""
        return copy.deepcopy({**self}, memo)


def watch(containers: Iterable[Any], watcher: Watcher) -> None:
    """Tell ``watcher`` of every provider that is set, replaced or removed in one of ``containers``."""
    for container in containers:
        if not isinstance(container.providers, _Watched):
            container.providers = _Watched(container.providers)
        container.providers.watchers.add(watcher)
