"""One connection that reads the log through a replication slot. Blocking calls of the driver run in threads."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Self

import psycopg2
from psycopg2.extensions import parse_dsn
from psycopg2.extras import LogicalReplicationConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEEP_ALIVE_EVERY = 10.0  # seconds; after wal_sender_timeout, usually a minute, the server closes a silent connection
_CONNECT = 10  # seconds
_INTERRUPT = 2.0  # seconds
_CONFIRM_EVERY = 0.5  # seconds; transactions that are open at a confirmation are read one by one after it
_READ_AT_ONCE = 16_000_000  # bytes; a read ends with the record that exceeds it
_TCP_KEEP_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}


class LogStream:
    """Reads the log from one task.

    Keep-alives are sent to the server, also between calls of :meth:`read`. Errors of the driver are raised as
    they are; the stream is then of no more use. A machine that cannot be reached any more is noticed within half a
    minute, unless the options of the connection set other limits.
    """

    def __init__(self, connection: Any, options: Mapping[str, Any]) -> None:
        self._connection = connection
        self._options = options
        self._cursor = connection.cursor()
        self._asked_at: float | None = None
        self._drained = True
        self._done = 0
        self._confirmed = 0
        self._confirmed_at = 0.0
        self._keep_alive: asyncio.TimerHandle | None = None

    @classmethod
    async def connect(cls, dsn: Mapping[str, Any] | str) -> Self:
        """Connect for replication to the database of ``dsn``, a connection string or the options of libpq."""
        options: dict[str, Any] = {"connect_timeout": _CONNECT, "application_name": "cqrskit log", **_TCP_KEEP_ALIVE}
        if isinstance(dsn, str):
            options = {**options, **parse_dsn(dsn)}
        else:
            options.update(dsn)
        factory = LogicalReplicationConnection
        connecting = asyncio.ensure_future(
            asyncio.to_thread(lambda: psycopg2.connect(connection_factory=factory, **options))
        )
        try:
            return cls(await asyncio.shield(connecting), options)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close)  # the driver cannot end it sooner, and no task waits for it
            raise

    async def execute(self, statement: str) -> list[Any]:
        """Run a statement of SQL, or one for replication, before :meth:`start`; returns its rows."""
        await self._blocking(lambda: self._cursor.execute(statement))
        return list(self._cursor.fetchall()) if self._cursor.description else []

    async def start(self, slot: str, publication: str) -> None:
        """Begin to read where the slot was confirmed last, with what ``pg_logical_emit_message`` was given."""
        options = {"proto_version": "1", "publication_names": f'"{publication}"', "messages": "true"}
        await self._blocking(lambda: self._cursor.start_replication(slot_name=slot, decode=False, options=options))
        self._keep_alive = asyncio.get_running_loop().call_later(_KEEP_ALIVE_EVERY, self._send_keep_alive)

    async def read(self, limit: int, patience: float, answer_timeout: float) -> list[bytes]:
        """Return up to ``limit`` records of about 16 MB together, or none if none arrives for ``patience`` seconds.

        In that case the server is asked to answer. Raises ``ConnectionError`` if nothing arrives for another
        ``answer_timeout`` seconds. A server is silent while it decodes a transaction of which it has nothing to send,
        except about every half of its ``wal_sender_timeout``.
        """
        found = self._ready(limit)
        if not found:
            if await self._readable(patience):
                self._asked_at = None
                found = self._ready(limit)
            else:
                self._ask(answer_timeout)
        return found

    def _ask(self, answer_timeout: float) -> None:
        now = asyncio.get_running_loop().time()
        if self._asked_at is None:
            self._asked_at = now
            self._cursor.send_feedback(reply=True, force=True)
        elif now >= self._asked_at + answer_timeout:
            raise ConnectionError("the server does not answer")

    @property
    def address(self) -> str:
        """The server and database of the connection, without the password."""
        found = self._connection.info
        return f"postgresql://{found.user}@{found.host}:{found.port}/{found.dbname}"

    @property
    def seen(self) -> int:
        """How far the server has read its log for this reader. Between transactions this may be confirmed."""
        position: int = self._cursor.wal_end
        return position

    def confirm(self, position: int) -> None:
        """Let the server forget what is before ``position``; while there is more to read, at most twice a second."""
        self._done = max(self._done, position)
        if self._drained or time.monotonic() >= self._confirmed_at + _CONFIRM_EVERY:
            self._confirm()

    def _confirm(self) -> None:
        if self._done > self._confirmed:
            self._confirmed = done = self._done
            self._confirmed_at = time.monotonic()
            self._cursor.send_feedback(write_lsn=done, flush_lsn=done, apply_lsn=done, force=True)

    def close(self) -> None:
        """Confirm what is still to be confirmed, and close the connection; the slot is free at once."""
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        with suppress(psycopg2.Error):
            self._confirm()
        with suppress(psycopg2.Error):
            self._connection.close()

    def _ready(self, limit: int) -> list[bytes]:
        found: list[bytes] = []
        size = 0
        over = False
        while len(found) < limit and size < _READ_AT_ONCE:
            message = self._cursor.read_message()
            self._drained = message is None
            if message is None:
                break
            found.append(bytes(message.payload))
            size += len(found[-1])
            over = over or found[-1][:1] == b"C"
            # When the server reports its position, the driver confirms that position by itself if the last record that
            # was read is older than what was confirmed. So nothing is read after such a record until the transactions
            # before it are sent.
            if over and message.data_start <= self._confirmed:
                break
        return found

    async def _readable(self, patience: float) -> bool:
        loop, readable, descriptor = asyncio.get_running_loop(), asyncio.Event(), self._connection.fileno()
        loop.add_reader(descriptor, readable.set)
        try:
            async with asyncio.timeout(patience):
                await readable.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(descriptor)
        return True

    def _send_keep_alive(self) -> None:
        with suppress(psycopg2.Error):  # the next read raises it
            self._cursor.send_feedback(force=True)
            self._keep_alive = asyncio.get_running_loop().call_later(_KEEP_ALIVE_EVERY, self._send_keep_alive)

    async def _blocking(self, call: Callable[[], object]) -> None:
        task = asyncio.ensure_future(asyncio.to_thread(call))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            # A daemon thread, because it has to connect: neither this task nor the end of the program waits for it.
            threading.Thread(target=self._interrupt, daemon=True).start()
            if not (await asyncio.wait([task], timeout=_INTERRUPT))[0]:
                self._shut_down_socket()
                await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # it was interrupted
            raise

    def _interrupt(self) -> None:
        # Not by `cancel()` of the driver: while that connects, no other thread of this process runs.
        with suppress(psycopg2.Error), closing(psycopg2.connect(**self._options)) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_cancel_backend(%s)", [self._connection.info.backend_pid])

    def _shut_down_socket(self) -> None:
        """Close the socket under a call that waits for a server which does not receive the interruption."""
        with suppress(OSError, psycopg2.Error), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def _close(connecting: asyncio.Future[Any]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()
