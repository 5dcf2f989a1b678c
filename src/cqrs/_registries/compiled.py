"""What was compiled for a container or a map as it was then, and is compiled anew once something else is bound."""

from __future__ import annotations

import weakref
from typing import Any


class Kept(dict[Any, Any]):
    """What was compiled, by the type that it is for. It is found empty after a change."""

    __slots__ = ("__weakref__",)


class Keepers:
    """Everything that was compiled from one container or map. Nobody is kept alive by it."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[weakref.ref[Kept]] = []

    def add(self, kept: Kept) -> Kept:
        """Empty ``kept`` too at the next change."""
        self._kept = [ref for ref in self._kept if ref() is not None]
        self._kept.append(weakref.ref(kept))
        return kept

    def empty(self) -> None:
        """Say that something has changed."""
        for ref in self._kept:
            kept = ref()
            if kept is not None:
                kept.clear()
