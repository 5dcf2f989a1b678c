"""Single flight: one task makes an instance while others wait for it; waiting in a circle is an error."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_name
from cqrs.container.resolving.shortcut import ONE_LOOP
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextvars import Token


PATIENCE = 60.0

_LOOK = "Look whether its factory asks for it by way of a thread, or waits for something that does not respond"


class Making:
    """An instance that is being made. ``outer`` is the one that needs it, if any."""

    __slots__ = ("free", "loop", "outer", "type_")

    def __init__(self, type_: Any, outer: Making | None) -> None:
        self.type_ = type_
        self.outer = outer
        self.loop = asyncio.get_running_loop()
        self.free: asyncio.Event | None = None

    def chain(self) -> Iterator[Making]:
        """Yield this one and all that it is made for."""
        making: Making | None = self
        while making is not None:
            yield making
            making = making.outer


_making: ContextVar[Making | None] = ContextVar("cqrs_making", default=None)
_waiting: list[tuple[Making, Making]] = []  # the waiting one, and the one it waits for


class SingleFlight:
    """Lets one task at a time make what belongs to a key."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[Any, Making] = {}

    async def enter(self, key: Any, type_: Any) -> Token[Making | None]:
        """Wait until no other task makes ``key``. Return the token for :meth:`leave`.

        Raises ``DependencyError`` if this would wait in a circle, because a factory asks for its own result. A factory
        that does so through a thread cannot be recognised: so it is also an error to wait in another event loop than
        the one in which the instance is made, or longer than ``PATIENCE`` seconds.
        """
        outer = _making.get()
        while key in self._made:
            made = self._made[key]
            if outer is not None:
                _must_not_wait(outer, made, type_)
            if made.loop is not asyncio.get_running_loop():
                raise DependencyError(
                    type_, (type_,), f"{type_name(type_)} is being made in another event loop", ONE_LOOP
                )
            free = made.free = made.free or asyncio.Event()
            wait = (outer or Making(type_, None), made)
            _waiting.append(wait)
            try:
                async with asyncio.timeout(PATIENCE):
                    await free.wait()
            except TimeoutError:
                problem = f"{type_name(type_)} has not been made within {PATIENCE:g} s"
                raise DependencyError(type_, (type_,), problem, _LOOK) from None
            finally:
                _waiting.remove(wait)
        self._made[key] = making = Making(type_, outer)
        return _making.set(making)

    def leave(self, key: Any, token: Token[Making | None]) -> None:
        """Let the next task through."""
        _making.reset(token)
        free = self._made.pop(key).free
        if free is not None:
            free.set()


@contextmanager
def made_elsewhere(type_: Any) -> Generator[None, None, None]:
    """Mark that another container makes ``type_``. Raises ``DependencyError`` if that needs ``type_`` itself."""
    outer = _making.get()
    if outer is not None:
        for making in outer.chain():
            if making.type_ == type_:
                _must_not_wait(outer, making, type_)
    token = _making.set(Making(type_, outer))
    try:
        yield
    finally:
        _making.reset(token)


def _must_not_wait(waiter: Making, made: Making, type_: Any) -> None:
    circle = _way(made, {*waiter.chain()}, set())
    if circle is None:
        return
    path = [making.type_ for making in reversed([*waiter.chain()])] if made in waiter.chain() else circle
    names = [*path[path.index(type_) :], type_] if type_ in path else [*path, type_]
    remedy = "Give the factory what it needs as a parameter, or ask for it when it is first used"
    raise DependencyError(type_, names, f"making {type_name(type_)} waits for itself", remedy)


def _way(made: Making, waiters: set[Making], seen: set[Making]) -> list[Any] | None:
    """Return the types that lead from ``made`` back to one of ``waiters``, or ``None``."""
    if made in waiters:
        return [made.type_]
    seen.add(made)
    for waiter, blocked_by in _waiting:
        if blocked_by not in seen and made in waiter.chain():
            way = _way(blocked_by, waiters, seen)
            if way is not None:
                return [made.type_, *way]
    return None
