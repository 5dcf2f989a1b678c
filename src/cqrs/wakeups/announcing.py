"""Announces commits: to the wake-ups of this process at once, and to those of other processes by NOTIFY.

A NOTIFY within the transaction would make all commits of the server wait for each other, so it is sent afterwards by a
task of its own. One task at a time sends for all commits of a process, and the longer they go on, the more of them
share one NOTIFY.

A topic is what the commits are about, such as the name of a table; each topic of a schema has a channel of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextvars import Context
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from cqrs._logging.outages import OutageLog
from cqrs._sqlalchemy.dialects import can_notify
from cqrs._sqlalchemy.schemas import schema_of
from cqrs.backoff import Backoff
from cqrs.wakeups.local import Bell

if TYPE_CHECKING:
    from sqlalchemy import Engine

_PAUSES = Backoff(first=0.001, longest=0.05, jitter=0.0)
"""The pause between two NOTIFYs, while commits go on."""

_LONGEST_NAME = 63  # bytes
_WAITING = "cqrs_announce"
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")

_bells: WeakValueDictionary[tuple[str, str], Bell] = WeakValueDictionary()
_announcers: WeakKeyDictionary[Engine, dict[str, Announcer]] = WeakKeyDictionary()


class Announcer:
    """Announces commits about one topic, through one engine."""

    def __init__(self, engine: Engine, topic: str) -> None:
        self.bell = _bells.setdefault((engine.url.render_as_string(), topic), Bell())
        self.channel = channel_of(topic)
        self._engine = ref(engine)
        self._notifies = can_notify(engine)
        self._task: asyncio.Task[None] | None = None
        self._pool: object = None
        self._dirty = False
        self._outages = OutageLog(f"NOTIFY {self.channel}", fails="fails, others poll instead", recovers="works again")

    @property
    def payload(self) -> str:
        """What this process sends; its own wake-ups ignore it, because the bell has woken them before."""
        return f"{os.getpid()}:{self.bell.name}"

    def announce(self) -> None:
        """Announce a commit. It costs the caller no more than the start of a task."""
        self.bell.ring()
        engine = self._engine()
        if engine is None or not self._notifies:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._dirty, self._pool = True, engine.pool
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            # In an empty context, or the task would keep objects of the turn alive.
            self._task = loop.create_task(self._notify(engine), name=f"NOTIFY {self.channel}", context=Context())

    async def _notify(self, engine: Engine) -> None:
        sent = 0
        while self._dirty and engine.pool is self._pool:  # or the engine was disposed of meanwhile
            self._dirty = False
            sent += 1
            try:
                await notify(engine, self.payload, self.channel)
            except Exception as error:  # noqa: BLE001  # it was a hint, and the commit succeeded
                self._outages.failed(error)
                return
            self._outages.over()
            await asyncio.sleep(_PAUSES.seconds(sent))


async def notify(engine: Engine, payload: str, *channels: str) -> None:
    """Send one NOTIFY on each of ``channels``, over a connection of the pool."""
    pool = engine.pool
    async with AsyncEngine(engine).connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for channel in channels:
            await connection.execute(_NOTIFY, {"channel": channel, "payload": payload})
        if engine.pool is not pool:
            await connection.invalidate()  # its pool was disposed of, so that it would stay open


def announcer(engine: Engine, topic: str) -> Announcer:
    """The announcer of ``topic`` that all users of ``engine`` share; each schema has its own."""
    schema = schema_of(engine)
    topic = topic if schema is None else f"{schema}.{topic}"
    known = _announcers.setdefault(engine, {})
    if topic not in known:
        known[topic] = Announcer(engine, topic)
    return known[topic]


def channel_of(topic: str) -> str:
    """The channel of ``topic``, which is ``schema.topic`` where there is a schema."""
    name = f"cqrs_{topic}"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"cqrs_{hashlib.sha256(topic.encode()).hexdigest()[:32]}"


def announce_after_commit(session: Session, topic: str, model: Any) -> None:
    """Announce ``topic`` when the transaction of ``session`` is committed, in the database that ``model`` is in."""
    session.info.setdefault(_WAITING, {})[topic] = model


# For all sessions at once: a listener for each session would take longer than the announcement.
@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    waiting: dict[str, Any] | None = session.info.get(_WAITING)
    if not waiting or session.in_nested_transaction():
        return
    for topic, model in waiting.items():
        announcer(session.get_bind(model).engine, topic).announce()
    waiting.clear()
