"""Notices when the providers of a dependency-injector container change."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from cqrs._registries.watched import WatchedDict

if TYPE_CHECKING:
    from collections.abc import Iterable


class Watcher(Protocol):
    """What is notified of changes."""

    def providers_changed(self) -> None:
        """Called when the providers of the container or of one within it have changed."""
        ...


class _Watched(WatchedDict[str, Any]):
    """The providers of a container. Its watchers are held by weak references."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.watchers: WeakSet[Watcher] = WeakSet()
        self.on_change = self._notify

    def _notify(self) -> None:
        for watcher in [*self.watchers]:
            watcher.providers_changed()

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        """Return a plain dictionary: an instance of the container has providers of its own."""
        return copy.deepcopy({**self}, memo)


def watch(containers: Iterable[Any], watcher: Watcher) -> None:
    """Notify ``watcher`` of every provider that is set, replaced or removed in one of ``containers``."""
    for container in containers:
        if not isinstance(container.providers, _Watched):
            container.providers = _Watched(container.providers)
        container.providers.watchers.add(watcher)
