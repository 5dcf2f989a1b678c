"""What has to be known about a tool or a server before a test can use it."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]

CACHE = ROOT / ".cache"
"""Whatever is downloaded stays here, for the next run."""


class Missing(Exception):
    """The machine neither has the tool nor a way to get it; the text is the reason."""


@dataclass(frozen=True)
class Place:
    """Where one server runs: a folder and ports that nothing else uses. Both outlive a restart."""

    folder: Path
    ports: Sequence[int]


class Tool(ABC):
    """Something that must be on the machine."""

    name: ClassVar[str]

    @abstractmethod
    def provide(self) -> str:
        """Find or install it and return its version. Called once per run; raises `Missing`."""


class Recipe(Tool):
    """A server: how to get it, how to start it, and how to see that it serves."""

    ports: ClassVar[int] = 1
    start_timeout: ClassVar[float] = 30.0
    stop_timeout: ClassVar[float] = 15.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def prepare(self, place: Place) -> None:  # most servers need nothing
        """Write the configuration, format the storage. Called once per place, before the first start."""

    @abstractmethod
    def command(self, place: Place) -> Sequence[str]:
        """The process that is the server; it must stay in the foreground."""

    @abstractmethod
    def address(self, place: Place) -> str:
        """What a client is given to reach it."""

    @abstractmethod
    async def ready(self, place: Place) -> bool:
        """Whether it serves now. Asked again until it does; `OSError` counts as no."""

    def cut(self, place: Place) -> Sequence[str] | None:
        """A command that ends the server at once, where killing its process would not."""
        return None
