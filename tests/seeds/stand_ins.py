"""What the programs need of their surroundings: modules of the user's application, and of this package's future."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import types
from typing import Any

import cqrs


def stand_in_module(name: str, **members: Any) -> types.ModuleType:
    """Let `import name` find a module with these members until the test ends.

    A module of this package can be stood in for only until it exists: then the program has to run on the real one.
    """
    if name.startswith("cqrs."):
        assert importlib.util.find_spec(name) is None, f"{name} exists: take its stand-in out of the program"
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    return module


def cqrs_with(**members: Any) -> types.SimpleNamespace:
    """The package with names that it does not have yet."""
    for name in members:
        assert not hasattr(cqrs, name), f"cqrs.{name} exists: take its stand-in out of the program"
    return types.SimpleNamespace(**{name: getattr(cqrs, name) for name in cqrs.__all__}, **members)


def watch(handler: type) -> list[Any]:
    """The messages that handlers of this class are given from now on."""
    seen: list[Any] = []
    handle = handler.handle  # type: ignore[attr-defined]  # every handler has it

    async def watched(self: Any, message: Any) -> Any:
        seen.append(message)
        return await handle(self, message)

    handler.handle = watched  # type: ignore[attr-defined]
    return seen


class Crowd:
    """In the place of what a handler class does: each waits until `size` of them run at the same time.

    `most` is how many did.
    """

    def __init__(self, handler: type, size: int) -> None:
        self.most = 0
        running = 0
        together = asyncio.Barrier(size)

        async def handle(_: Any, message: Any) -> None:
            nonlocal running
            running += 1
            self.most = max(self.most, running)
            await together.wait()
            running -= 1

        handler.handle = handle  # type: ignore[attr-defined]
