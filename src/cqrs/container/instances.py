"""What one scope of the default resolver has made: each thing once, closed in the reverse order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.container.provider import Provider


class Instances:
    """The things of one lifetime. Two tasks that ask for the same one at once get the same one."""

    __slots__ = ("_locks", "_stack", "made")

    def __init__(self) -> None:
        self.made: dict[Any, Any] = {}
        self._locks: dict[Any, asyncio.Lock] = {}
        self._stack: AsyncExitStack | None = None

    async def get_or_make(self, key: Any, make: Callable[[], Awaitable[Any]]) -> Any:
        """What was made for ``key``, or what ``make`` makes now. If that fails, the next call tries again."""
        if key not in self.made:
            async with self._locks.setdefault(key, asyncio.Lock()):
                if key not in self.made:
                    self.made[key] = await make()
        return self.made[key]

    async def call(self, provider: Provider, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run the factory; what follows the ``yield`` of a generator runs in :meth:`aclose`."""
        if provider.kind == "plain":
            return provider.factory(*args, **kwargs)
        if provider.kind == "async":
            return await provider.factory(*args, **kwargs)
        if self._stack is None:
            self._stack = AsyncExitStack()
        if provider.kind == "generator":
            return self._stack.enter_context(contextmanager(provider.factory)(*args, **kwargs))
        return await self._stack.enter_async_context(asynccontextmanager(provider.factory)(*args, **kwargs))

    async def aclose(self, error: BaseException | None = None) -> None:
        """Close what was opened, the last first, telling it the ``error`` that ended the scope. Safe to call twice."""
        stack, self._stack = self._stack, None
        self.made.clear()
        if stack is not None:
            await stack.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)
