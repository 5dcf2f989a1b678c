"""What was made in one scope of the default resolver: each thing once, closed in the reverse order."""

from __future__ import annotations

import inspect
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from cqrs._tasks.blocks import as_raised, is_refusal
from cqrs.container.resolving.single_flight import Turnstile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.container.resolving.provider import Provider


class Instances:
    """The things of one lifetime. Two tasks that ask for the same one at once get the same one."""

    __slots__ = ("_opened", "_turnstile", "made")

    def __init__(self) -> None:
        self.made: dict[Any, Any] = {}
        self._turnstile: Turnstile | None = None
        self._opened: AsyncExitStack | None = None

    async def get_or_make(self, key: Any, make: Callable[[], Awaitable[Any]]) -> Any:
        """What was made for ``key``, or what ``make`` makes now. If that fails, the next call tries again."""
        if key not in self.made:
            turnstile = self._turnstile = self._turnstile or Turnstile()
            token = await turnstile.enter(key, key)
            try:
                if key not in self.made:
                    self.made[key] = await make()
            finally:
                turnstile.leave(key, token)
        return self.made[key]

    async def call(self, provider: Provider, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run the factory. What it opens is closed by :meth:`aclose`."""
        made: Any = provider.factory(*args, **kwargs)
        if provider.kind == "async":
            return await made if inspect.isawaitable(made) else made  # a wrapper may have awaited it
        if provider.kind == "context":
            it = made.__enter__()
            self._stack().push(_told(made.__exit__))
            return it
        return await self.enter(made) if provider.kind == "async context" else made

    async def enter(self, manager: Any) -> Any:
        """What ``manager`` gives when it is entered. It is left by :meth:`aclose`."""
        it = await manager.__aenter__()
        self._stack().push_async_exit(_async_told(manager.__aexit__))
        return it

    def keep(self, others: Instances) -> None:
        """Close with these what ``others`` have opened."""
        if others._opened is not None:
            self._stack().push_async_exit(others._opened.pop_all())

    async def aclose(self, error: BaseException | None = None) -> None:
        """Close what was opened, the last first, telling each the ``error`` that ended the scope. Safe to call twice.

        Everything is closed even if closing something fails; that failure is raised, with ``error`` as its context.
        """
        opened, self._opened = self._opened, None
        self.made.clear()
        if opened is not None:
            await opened.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)

    def _stack(self) -> AsyncExitStack:
        if self._opened is None:
            self._opened = AsyncExitStack()
        return self._opened


# A context manager may swallow an error. Here it may not: those that were opened before it have to hear of it too, or
# one would commit what failed, and the error belongs to the caller.


def _told(leave: Callable[..., Any]) -> Callable[..., None]:
    def told(kind: Any, error: Any, traceback: Any) -> None:
        try:
            leave(kind, error, traceback)
        except BaseException as raised:
            if not is_refusal(raised, error):
                raise

    return told


def _async_told(leave: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
    async def told(kind: Any, error: Any, traceback: Any) -> None:
        closing = leave(kind, error, traceback)
        await (closing if error is None else as_raised(closing, error))

    return told
