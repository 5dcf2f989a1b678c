"""Lets one task at a time do something that must be done once."""

from __future__ import annotations

import asyncio
from typing import Any


class Turnstile:
    """Lets one task at a time through for each key."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[Any, asyncio.Event | None] = {}

    async def enter(self, key: Any) -> None:
        """Wait until nobody is through for ``key``."""
        while key in self._waiting:
            free = self._waiting[key] = self._waiting[key] or asyncio.Event()
            await free.wait()
        self._waiting[key] = None

    def leave(self, key: Any) -> None:
        """Let the next one through."""
        free = self._waiting.pop(key)
        if free is not None:
            free.set()
