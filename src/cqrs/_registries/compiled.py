"""Caches of what was computed from the bindings of a container or a map. A change of the bindings empties them."""

from __future__ import annotations

import weakref
from typing import Any


class PlanCache(dict[Any, Any]):
    """A cache of plans by the type each is for. It is emptied when the bindings change."""

    __slots__ = ("__weakref__",)


class PlanCaches:
    """All caches that were filled from one container or map. It keeps none of them alive."""

    __slots__ = ("_caches",)

    def __init__(self) -> None:
        self._caches: list[weakref.ref[PlanCache]] = []

    def add(self, cache: PlanCache) -> PlanCache:
        """Return ``cache``, which is emptied at each change from now on."""
        self._caches = [ref for ref in self._caches if ref() is not None]
        self._caches.append(weakref.ref(cache))
        return cache

    def clear(self) -> None:
        """Empty all caches, because the bindings have changed."""
        for ref in self._caches:
            cache = ref()
            if cache is not None:
                cache.clear()
