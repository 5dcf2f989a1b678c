"""A service that consumes a topic: a program of `programs/` while it runs."""

from __future__ import annotations

import asyncio
import sys
import types
import uuid
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.faststream.topic import Topic

_PROGRAMS = Path(__file__).parent / "programs"

# What the programs call their server, their topic and their group.
_NAMES = {"user_events": ("user_events", "svc"), "hello_world": ("hello_world", "examples")}


def load(program: str, topic: Topic) -> types.ModuleType:
    """The program, with nothing replaced but the names of server, topic and group."""
    source = (_PROGRAMS / f"{program}.txt").read_text(encoding="utf-8")
    theirs = ("localhost:9092", *_NAMES[program])
    for name, ours in zip(theirs, (topic.bootstrap, topic.name, topic.group), strict=True):
        assert source.count(f'"{name}"') == 1
        source = source.replace(f'"{name}"', f'"{ours}"')
    module = types.ModuleType(f"{program}_{uuid.uuid4().hex}")
    sys.modules[module.__name__] = module  # where annotations are looked up
    exec(compile(source, program, "exec"), vars(module))  # noqa: S102  # to run it is what it is here for
    return module


class Handled:
    """What a handler class was given. `failures` are raised first, one for each message that it is given."""

    def __init__(self, handler: type[Any], failures: list[BaseException] | None = None) -> None:
        self.events: list[Any] = []
        self._failures = failures or []
        self._arrived = asyncio.Condition()
        handle = handler.handle

        async def watched(this: Any, event: Any) -> None:
            async with self._arrived:
                self.events.append(event)
                self._arrived.notify_all()
            if self._failures:
                raise self._failures.pop(0)
            await handle(this, event)

        handler.handle = watched

    async def until(self, count: int) -> None:
        """Returns when `count` messages have come."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.events) >= count)


@asynccontextmanager
async def running(program: Any) -> AsyncIterator[None]:
    """Runs the application of `program`. What is sent from the beginning of the block on reaches it."""
    await program.app.start()
    try:
        subscribers = program.broker._subscribers
        for subscriber in subscribers.values() if isinstance(subscribers, dict) else program.broker.subscribers:
            await _in_position(subscriber.consumer)
        yield
    finally:
        await program.app.stop()


async def _in_position(consumer: Any) -> None:
    # A group that has acknowledged nothing yet begins at what is sent after it has found the end of the topic.
    await until(consumer.assignment)
    for partition in consumer.assignment():
        await consumer.position(partition)
