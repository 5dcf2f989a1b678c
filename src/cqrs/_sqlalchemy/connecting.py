"""Connections, with errors that say what to do."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from cqrs.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection, None]:
    """A connection of ``engine``. Raises ``DatabaseUnavailable`` if there is none."""
    try:
        connection = await engine.connect()
    except (OSError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        raise DatabaseUnavailable(engine.url.render_as_string(hide_password=True), reason) from None
    try:
        yield connection
    finally:
        await connection.close()
