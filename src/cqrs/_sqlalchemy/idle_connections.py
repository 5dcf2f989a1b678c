"""Replaces connections that were closed while they were idle, before a transaction depends on one.

Servers, proxies and firewalls close idle connections, some without a signal to the client. A pool that never checks
gives such a connection to the next turn, which then fails. A look at each checkout would cost a round trip; one at
those that have been idle costs nothing to a service that is busy. HikariCP decides by the same rule.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.util import await_only, greenlet_spawn

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_IDLE = 1.0  # seconds after which a connection is asked whether it still is one
_PATIENCE = 5.0  # seconds; a server that is gone does not answer
_SINCE = "cqrs.idle_since"


def ask_idle_connections(engine: AsyncEngine) -> None:
    """Replace a connection of the pool of ``engine`` that gives no answer when it is taken, and all that are as old."""
    dialect = engine.dialect

    def returned(_: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def taken(connection: Any, record: Any, _: Any) -> None:
        if time.monotonic() - record.info.get(_SINCE, time.monotonic()) < _IDLE:
            return
        try:
            await_only(_answer(lambda: dialect.do_ping(connection)))
        except (dialect.loaded_dbapi.Error, OSError) as error:
            raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", returned)
    event.listen(engine.sync_engine, "checkout", taken)


async def _answer(ask: Any) -> None:
    async with asyncio.timeout(_PATIENCE):
        await greenlet_spawn(ask)
