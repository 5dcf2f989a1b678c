"""Between steps 4 and 5, hearing of new messages in the log of PostgreSQL, before anybody says a word."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from psycopg2 import errors

from cqrs._replication.pgoutput import Begin, Commit, Insert, decode
from cqrs._replication.stream import LogStream
from cqrs.wakeups.reconnecting import CannotListen, MendingWakeUps

if TYPE_CHECKING:
    from collections.abc import Mapping

_RECORDS = 1_000
_STATE = "SELECT current_setting('wal_level'), EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = '{}')"


class LogWakeUps(MendingWakeUps):
    """Hears of each commit that added a row to ``table``, whoever made it and however.

    ``dsn`` is where it connects to, in the words of libpq. It needs ``wal_level = logical``, the right to replicate,
    and a publication of the table, which it makes if it may and there is none. Its replication slot is a temporary
    one: it holds no log back when nobody reads. A server that has not answered for twice ``patience`` seconds is taken
    for dead.
    """

    def __init__(
        self,
        dsn: Mapping[str, Any] | str,
        table: str = "outbox",
        *,
        publication: str | None = None,
        patience: float = 5.0,
    ) -> None:
        self.publication = publication or f"cqrs_{table}"
        super().__init__(f"the log about {table}")
        self._dsn = dsn
        self._table = table
        self._patience = patience

    async def _listen(self) -> None:
        stream = await LogStream.connect(self._dsn)
        try:
            await self._publish(stream)
            slot = f"cqrs_{uuid.uuid4().hex}"
            await stream.execute(f'CREATE_REPLICATION_SLOT "{slot}" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT')
            await stream.start(slot, self.publication)
            self._hears()
            await self._follow(stream)
        finally:
            stream.close()

    async def _follow(self, stream: LogStream) -> None:
        added = within = False
        while True:
            for payload in await stream.read(_RECORDS, self._patience):
                match decode(payload):
                    case Begin():
                        added, within = False, True
                    case Insert():
                        added = True
                    case Commit(end):
                        within = False
                        if added:
                            self.hint()
                        stream.confirm(end)
                    case _:
                        pass
            if not within:
                stream.confirm(stream.seen)
            await asyncio.sleep(0)  # others want to work too while there is much to read

    async def _publish(self, stream: LogStream) -> None:
        (level, published), *_ = await stream.execute(_STATE.format(self.publication.replace("'", "''")))
        if level != "logical":
            raise CannotListen(f"wal_level is {level!r}: set wal_level = logical and restart the server")
        if published:
            return
        table = ".".join(f'"{part}"' for part in self._table.split("."))
        statement = f"CREATE PUBLICATION \"{self.publication}\" FOR TABLE {table} WITH (publish = 'insert')"
        try:
            await stream.execute(statement)
        except errors.InsufficientPrivilege as error:
            raise CannotListen(f"this user may not publish the table: let its owner {statement}") from error
        except (errors.DuplicateObject, errors.UniqueViolation):
            pass  # another process was faster
