"""Releases SQLite's locks when a task is cancelled in the middle of a statement.

A statement that has begun to read holds a lock until its cursor is closed. When a task is cancelled in that moment,
the connection is closed, which does not close its cursors: they live on in the cycle of error and frames, and the file
stays locked until the garbage collector comes by. In a process with little to do that may be never.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext


def close_cursor(context: ExceptionContext) -> None:
    """Close the cursor of the statement of ``context`` if it was cancelled."""
    if not isinstance(context.original_exception, asyncio.CancelledError) or context.connection is None:
        return
    running: Any = context.execution_context
    cursor = getattr(getattr(running, "cursor", None), "_cursor", None)
    if cursor is not None:
        adapted: Any = context.connection.connection.dbapi_connection

        def close(_driver: Any) -> Any:
            return cursor.close()

        adapted.run_async(close)  # it runs after what the thread of the connection is doing
