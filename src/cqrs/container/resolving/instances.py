"""The instances of one scope of the default resolver: each is made once, and they are closed in reverse order."""

from __future__ import annotations

import inspect
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from cqrs._tasks.blocks import await_exit, failed_on_frozen_error
from cqrs.container.resolving.single_flight import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from cqrs.container.resolving.provider import Provider


class Instances:
    """The instances of one lifetime. Two tasks that ask for the same one at the same time get the same instance."""

    __slots__ = ("_flight", "_opened", "made")

    def __init__(self) -> None:
        self.made: dict[Any, Any] = {}
        self._flight: SingleFlight | None = None
        self._opened: AsyncExitStack | None = None

    async def get_or_make(self, key: Any, make: Callable[[], Awaitable[Any]]) -> Any:
        """Return what was made for ``key``, or else the result of ``make``. If that fails, the next call tries it."""
        if key not in self.made:
            flight = self._flight = self._flight or SingleFlight()
            token = await flight.enter(key, key)
            try:
                if key not in self.made:
                    self.made[key] = await make()
            finally:
                flight.leave(key, token)
        return self.made[key]

    async def call(self, provider: Provider, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run the factory and return its result. What it opens is closed by :meth:`aclose`."""
        made: Any = provider.factory(*args, **kwargs)
        if provider.kind == "async":
            return await made if inspect.isawaitable(made) else made  # a wrapper may have awaited it
        if provider.kind == "context":
            it = made.__enter__()
            self._stack().push(_never_swallowing(made.__exit__))
            return it
        return await self.enter(made) if provider.kind == "async context" else made

    async def enter(self, manager: Any) -> Any:
        """Enter ``manager`` and return the result. It is left by :meth:`aclose`."""
        it = await manager.__aenter__()
        self._stack().push_async_exit(_never_swallowing_async(manager.__aexit__))
        return it

    def keep(self, others: Instances) -> None:
        """Take over what ``others`` have opened: it is closed with these instances."""
        if others._opened is not None:
            self._stack().push_async_exit(others._opened.pop_all())

    async def aclose(self) -> None:
        """Close what was opened, as if the scope had ended without an error."""
        await self.__aexit__(None, None, None)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close what was opened, the last first, and pass each the ``error`` that ended the scope. Safe to call twice.

        Everything is closed even if closing something fails. That failure is raised, with ``error`` as its context.
        """
        opened, self._opened = self._opened, None
        self.made.clear()
        if opened is not None:
            await opened.__aexit__(kind, error, traceback)

    def _stack(self) -> AsyncExitStack:
        if self._opened is None:
            self._opened = AsyncExitStack()
        return self._opened


# A context manager may swallow an error. Here it may not: those that were opened before it must get the error, too, or
# one of them would commit what failed; and the caller must get it.


def _never_swallowing(leave: Callable[..., Any]) -> Callable[..., None]:
    def leave_and_go_on(kind: Any, error: Any, traceback: Any) -> None:
        try:
            leave(kind, error, traceback)
        except BaseException as raised:
            if not failed_on_frozen_error(raised, error):
                raise

    return leave_and_go_on


def _never_swallowing_async(leave: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
    async def leave_and_go_on(kind: Any, error: Any, traceback: Any) -> None:
        closing = leave(kind, error, traceback)
        await (closing if error is None else await_exit(closing, error))

    return leave_and_go_on
