"""Where the engines can be stopped by a test, between two lines that a crash could separate.

Each point is reported with its name. Nothing listens unless ``cqrs.testing.faults`` is told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_listener: Callable[[str], None] | None = None


def reached(name: str) -> None:
    """The engine is at the point ``name``."""
    if _listener is not None:
        _listener(name)


def listen(listener: Callable[[str], None] | None) -> None:
    """Call ``listener`` at every point from now on; what it raises is raised there. ``None`` ends that."""
    global _listener  # noqa: PLW0603  # one per process, as the processes that it ends
    _listener = listener
