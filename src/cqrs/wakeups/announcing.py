"""Telling of messages after the commit that added them: everybody in this process, and others by NOTIFY.

A NOTIFY within the transaction would make all commits of the server wait for each other, so it is sent afterwards by a
task of its own. One task at a time sends for all commits of a process, and while they go on, ever more of them with
one NOTIFY.
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
from cqrs.wakeups.protocol import Bell

if TYPE_CHECKING:
    from sqlalchemy import Engine

_PAUSES = Backoff(first=0.001, longest=0.05, jitter=0.0)
"""Between two NOTIFYs, while commits go on."""

_LONGEST_NAME = 63  # bytes
_WAITING = "cqrs_announce"
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")

_bells: WeakValueDictionary[tuple[str, str], Bell] = WeakValueDictionary()
_announcers: WeakKeyDictionary[Engine, dict[str, Announcer]] = WeakKeyDictionary()


class Announcer:
    """Tells of commits to one table, through one engine."""

    def __init__(self, engine: Engine, table: str) -> None:
        self.bell = _bells.setdefault((engine.url.render_as_string(), table), Bell())
        self.table = table
        self.channel = channel_of(table)
        self._engine = ref(engine)
        self._notifies = can_notify(engine)
        self._task: asyncio.Task[None] | None = None
        self._told: object = None
        self._dirty = False
        self._outages = OutageLog(f"NOTIFY {self.channel}", fails="fails, relays poll instead", recovers="works again")

    @property
    def payload(self) -> str:
        """What this process says; whoever hears its own words has heard the bell before."""
        return f"{os.getpid()}:{self.bell.name}"

    def announce(self) -> None:
        """There was a commit. Costs its caller nothing but a task."""
        self.bell.ring()
        engine = self._engine()
        if engine is None or not self._notifies:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._dirty, self._told = True, engine.pool
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            # With a context of its own, or the task would keep what belongs to the turn.
            self._task = loop.create_task(self._notify(engine), name=f"NOTIFY {self.channel}", context=Context())

    async def _notify(self, engine: Engine) -> None:
        sent = 0
        while self._dirty and engine.pool is self._told:  # or the engine was disposed of meanwhile
            self._dirty = False
            sent += 1
            try:
                await notify(engine, self.channel, self.payload)
            except Exception as error:  # noqa: BLE001  # it was a hint, and the commit stands
                self._outages.failed(error)
                return
            self._outages.over()
            await asyncio.sleep(_PAUSES.seconds(sent))


async def notify(engine: Engine, channel: str, payload: str) -> None:
    """Send one NOTIFY, on a connection of the pool."""
    pool = engine.pool
    async with AsyncEngine(engine).connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(_NOTIFY, {"channel": channel, "payload": payload})
        if engine.pool is not pool:
            await connection.invalidate()  # its pool was disposed of: nobody else would close it


def announcer(engine: Engine, table: str) -> Announcer:
    """The one for ``table`` of all who use ``engine``: each schema has one of its own."""
    schema = schema_of(engine)
    table = table if schema is None else f"{schema}.{table}"
    known = _announcers.setdefault(engine, {})
    if table not in known:
        known[table] = Announcer(engine, table)
    return known[table]


def channel_of(table: str) -> str:
    """The channel that tells of ``table``."""
    name = f"cqrs_{table}"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"cqrs_{hashlib.sha256(table.encode()).hexdigest()[:32]}"


def announce_after_commit(session: Session, model: Any) -> None:
    """Tell of messages in the table of ``model`` when the transaction of ``session`` is committed."""
    session.info.setdefault(_WAITING, {})[model.__table__.fullname] = model


# For all sessions at once: to listen to each for itself would cost it more than all of its adding.
@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    waiting: dict[str, Any] | None = session.info.get(_WAITING)
    if not waiting or session.in_nested_transaction():
        return
    for table, model in waiting.items():
        announcer(session.get_bind(model).engine, table).announce()
    waiting.clear()
