"""One connection for LISTEN to each database, which all wake-ups of an event loop share."""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from cqrs._tasks.cancellation import cancel_and_wait
from cqrs.wakeups.announcing import notify
from cqrs.wakeups.reconnecting import CannotListen, Reconnecting

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncGenerator, Iterator

    from sqlalchemy import Engine
    from sqlalchemy.engine import Dialect

_ECHO = "echo:"
_UNSENT = 3  # failures in a row to send an echo, as when all connections of the pool are in use
_NAMED = 3  # channels in a log line

_listeners: WeakValueDictionary[tuple[int, AbstractEventLoop, Dialect], DatabaseListener] = WeakValueDictionary()


class Subscriber(Protocol):
    """Is notified of one channel. ``interval`` and ``patience`` are described at :class:`DatabaseListener`."""

    channel: str
    interval: float
    patience: float

    def notified(self, payload: str) -> None:
        """Take the ``payload`` of a notification."""

    def hint(self) -> None:
        """Look for work: the channel works from now on, but commits before this may not have been notified."""


class DatabaseListener(Reconnecting):
    """Listens on the channels of its subscribers, over one connection that it holds while it has any.

    Every ``interval`` seconds, and when a subscriber is added, it notifies itself on each channel over another
    connection. If that does not arrive within ``patience`` seconds, the connection is dead without an error, or
    something in between, such as a pooler of transactions, has swallowed the LISTEN. Then it connects again. The
    shortest times of all subscribers apply.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._key = _key_of(engine)
        self._subscribers: dict[str, set[Subscriber]] = {}
        self._healthy: set[Subscriber] = set()
        self._changed = asyncio.Event()
        self._expected = ""
        self._missing: set[str] = set()
        self._echoed = asyncio.Event()

    def add(self, subscriber: Subscriber) -> None:
        """Listen for ``subscriber`` from now on. Safe to call again."""
        self._subscribers.setdefault(subscriber.channel, set()).add(subscriber)
        self._changed.set()
        self._start()

    async def remove(self, subscriber: Subscriber) -> None:
        """Listen no longer for ``subscriber``; with the last one the connection is closed."""
        if self._key[0] != os.getpid() or self._loop.is_closed():
            return  # the connection belongs to the process that this one was forked from, or is gone
        if self._loop is asyncio.get_running_loop():
            await cancel_and_wait(self._remove(subscriber))
        else:
            self._loop.call_soon_threadsafe(self._remove, subscriber)

    def serves(self, subscriber: Subscriber) -> bool:
        """Whether ``subscriber`` is notified of every commit, as far as that is known."""
        return subscriber in self._healthy and self._key[0] == os.getpid()

    def _remove(self, subscriber: Subscriber) -> list[asyncio.Task[None]]:
        others = self._subscribers.get(subscriber.channel, set())
        others.discard(subscriber)
        self._healthy.discard(subscriber)
        if not others:
            self._subscribers.pop(subscriber.channel, None)
        if self._subscribers:
            self._changed.set()
            return []
        _listeners.pop(self._key, None)
        return self._stop()

    @override
    def _subject(self) -> str:
        channels = sorted(self._subscribers)
        more = f" and {len(channels) - _NAMED} more" if len(channels) > _NAMED else ""
        return f"LISTEN {', '.join(channels[:_NAMED])}{more}"

    @override
    def _broken(self) -> None:
        self._healthy.clear()

    @override
    async def _listen(self) -> NoReturn:
        lost = asyncio.Event()

        def end(_connection: object) -> None:
            lost.set()
            self._changed.set()

        async with self._connection() as driver:
            driver.add_termination_listener(end)
            channels: set[str] = set()
            unsent = 0
            while not lost.is_set():
                self._changed.clear()
                async with asyncio.timeout(self._patience):
                    await self._listen_on(driver, channels)
                try:
                    await self._notify_itself(channels)
                except Exception:
                    unsent += 1
                    if unsent == _UNSENT:
                        raise
                else:
                    unsent = 0
                    async with asyncio.timeout(self._patience):
                        await self._echoed.wait()
                    self._arrives(channels)
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(each.interval for each in self._all())):
                        await self._changed.wait()
        raise ConnectionError("the connection was closed")

    async def _listen_on(self, driver: Any, channels: set[str]) -> None:
        """Make ``channels``, on which the connection listens, those of the present subscribers."""
        wanted = set(self._subscribers)
        for channel in wanted - channels:
            await driver.add_listener(channel, self._notified)
            channels.add(channel)
        for channel in channels - wanted:
            channels.discard(channel)
            await driver.remove_listener(channel, self._notified)

    async def _notify_itself(self, channels: set[str]) -> None:
        self._expected, self._missing = f"{_ECHO}{uuid.uuid4().hex}", set(channels)
        self._echoed.clear()
        async with asyncio.timeout(self._patience):
            await notify(self._engine, self._expected, *channels)

    def _notified(self, _connection: Any, _pid: int, channel: str, payload: str) -> None:
        if payload == self._expected:
            self._missing.discard(channel)
            if not self._missing:
                self._echoed.set()
        elif not payload.startswith(_ECHO):
            for subscriber in self._subscribers.get(channel, ()):
                subscriber.notified(payload)

    def _arrives(self, channels: set[str]) -> None:
        """Note that notifications of all commits from now on arrive on ``channels``."""
        self._outages.over()
        for subscriber in self._all():
            if subscriber.channel in channels and subscriber not in self._healthy:
                self._healthy.add(subscriber)
                subscriber.hint()  # what was committed in the meantime was not notified

    def _all(self) -> Iterator[Subscriber]:
        return (subscriber for those in self._subscribers.values() for subscriber in those)

    @property
    def _patience(self) -> float:
        return min(subscriber.patience for subscriber in self._all())

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Any, None]:
        """A connection as the engine makes it, which the pool does not count."""
        async with asyncio.timeout(self._patience):
            connection = await AsyncEngine(self._engine).connect()
        try:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await connection.run_sync(lambda sync: sync.detach())
            if not hasattr(driver, "add_listener"):
                raise CannotListen("it needs the driver asyncpg, postgresql+asyncpg://...")
            try:
                yield driver
            finally:
                driver.terminate()  # a dead connection would not answer an orderly close
        finally:
            await connection.invalidate()
            await connection.close()


def listener_of(engine: Engine) -> DatabaseListener:
    """Return the listener that all users of the database of ``engine`` share in this event loop.

    Engines that were made from one another, by ``execution_options`` or for a schema, lead to the same database. Two
    that were made with the same URL need not: their ``connect_args`` can differ.
    """
    key = _key_of(engine)
    listener = _listeners.get(key)
    if listener is None:
        listener = _listeners[key] = DatabaseListener(engine)
    return listener


def _key_of(engine: Engine) -> tuple[int, AbstractEventLoop, Dialect]:
    """The process is a part of it, because a connection must not be used by a process that was forked."""
    return os.getpid(), asyncio.get_running_loop(), engine.dialect
