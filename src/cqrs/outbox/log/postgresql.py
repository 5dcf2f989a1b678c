"""Step 5, the log of PostgreSQL for a relay, through a replication slot that outlives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg2 import errors
from typing_extensions import override

from cqrs._replication.pgoutput import Begin, Commit, Message, decode
from cqrs._replication.stream import LogStream
from cqrs.errors.databases import LogBusy, LogSlotLost, MigrationNeeded
from cqrs.errors.root import InvalidArgument
from cqrs.outbox.log.content import PREFIX
from cqrs.outbox.log.migrating import migrate
from cqrs.outbox.log.protocol import LOG_TABLE, LogBatch, LoggedMessage, LogPosition, OutboxLog

if TYPE_CHECKING:
    from collections.abc import Mapping

_PUBLISHED = "SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = '{}'"
_SLOT = (
    "SELECT wal_status, active, confirmed_flush_lsn - '0/0'::pg_lsn, "
    "pg_current_wal_insert_lsn() - confirmed_flush_lsn FROM pg_catalog.pg_replication_slots WHERE slot_name = '{}'"
)
_NOTED = "SELECT transaction - (pg_current_wal_insert_lsn() - '0/0'::pg_lsn) FROM cqrs_log_positions WHERE name = '{}'"
_NOTE = (
    "INSERT INTO cqrs_log_positions VALUES ('{0}', {1}, 0) "
    "ON CONFLICT (name) DO UPDATE SET transaction = {1}, message = 0"
)

_ANSWER = 60.0  # seconds; with less, a busy server seems dead, and decodes a large transaction again and again


class PostgresLog(OutboxLog):
    """Reads what a ``PostgresLogOutboxedEventRepository`` with the same ``prefix`` writes; PostgreSQL 14 or newer.

    ``dsn`` is where it connects to, in the words of libpq, with the right to replicate. The server keeps its log from
    what the slot ``name`` has confirmed on, or from where the oldest transaction began that was open there. If no relay
    reads it, the log grows until the disk is full, or until ``max_slot_wal_keep_size`` is reached and the slot is lost,
    with all messages that were not read.
    """

    def __init__(
        self,
        dsn: Mapping[str, Any] | str,
        name: str = "cqrs_outbox",
        *,
        prefix: str = PREFIX,
        publication: str = "cqrs_messages",
    ) -> None:
        for argument, value in (("name", name), ("publication", publication)):
            if not value.replace("_", "").isalnum() or value != value.lower():
                raise InvalidArgument(argument, value, "name it with lower-case letters, digits and underscores")
        self.name = name
        self._dsn = dsn
        self._prefix = prefix
        self._publication = publication
        self._stream: LogStream | None = None
        self._transaction = self._message = 0
        self._within = False

    async def create(self, *, after_loss: bool = False) -> None:
        """Make slot, publication and ``cqrs_log_positions``, as far as they are missing; before the first message.

        The table is made by its migration, which ``cqrs.migrations.upgrade`` runs, too.

        Raises ``LogSlotLost`` if the slot was there before. With ``after_loss`` it is then made anew: messages that
        were not read are lost. Waits for the transactions that are open now.
        """
        stream = await LogStream.connect(self._dsn)
        try:
            await migrate(stream)
            if not await stream.execute(_PUBLISHED.format(self._publication)):
                await stream.execute(f'CREATE PUBLICATION "{self._publication}"')
            slot, noted = await self._slot(stream), await stream.execute(_NOTED.format(self.name))
            gone = slot is None or slot[0] == "lost"
            if gone and noted and not after_loss:
                raise LogSlotLost(self.name)
            if gone:
                if slot is not None:
                    await stream.execute(f'DROP_REPLICATION_SLOT "{self.name}"')
                await stream.execute(f'CREATE_REPLICATION_SLOT "{self.name}" LOGICAL pgoutput NOEXPORT_SNAPSHOT')
                slot = await self._slot(stream)
            if slot is not None and (gone or not noted):
                await stream.execute(_NOTE.format(self.name, slot[2]))
        finally:
            stream.close()

    @override
    async def open(self) -> None:
        self.close()
        stream = await LogStream.connect(self._dsn)
        try:
            await self._check(stream)
            await stream.start(self.name, self._publication)
        except BaseException as error:
            stream.close()
            if isinstance(error, errors.ObjectInUse):
                raise LogBusy(self.name) from error
            if isinstance(error, errors.UndefinedTable):
                upgrade = f"python -m cqrs db upgrade {stream.address}"
                raise MigrationNeeded(LOG_TABLE, stream.address, upgrade) from error
            raise
        self._stream, self._within = stream, False

    @override
    async def read(self, limit: int, patience: float) -> LogBatch:
        stream = self._opened()
        messages: list[LoggedMessage] = []
        end: int | None = None
        for payload in await stream.read(limit, patience, _ANSWER):
            match decode(payload):
                case Begin(position):
                    self._transaction, self._message, self._within = position, 0, True
                case Message(True, prefix, content) if prefix == self._prefix:
                    self._message += 1
                    messages.append(LoggedMessage(LogPosition(self._transaction, self._message), content))
                case Commit(position):
                    end, self._within = position, False
                case _:
                    pass
        if not self._within:
            end = max(end or 0, stream.seen)
        return LogBatch(messages, end)

    @override
    def confirm(self, end: int) -> None:
        self._opened().confirm(end)

    def close(self) -> None:
        """Leave the slot to others."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    @override
    async def lag(self) -> int:
        """Raises ``LogSlotLost`` if there is no slot."""
        stream = await LogStream.connect(self._dsn)
        try:
            slot = await self._slot(stream)
        finally:
            stream.close()
        if slot is None or slot[0] == "lost":
            raise LogSlotLost(self.name)
        return int(slot[3])

    async def _check(self, stream: LogStream) -> None:
        slot, noted = await self._slot(stream), await stream.execute(_NOTED.format(self.name))
        # A note from the future was brought here by a dump: this is not the server that it speaks of.
        if slot is None or slot[0] == "lost" or (noted and noted[0][0] > 0):
            raise LogSlotLost(self.name)
        if slot[1]:
            raise LogBusy(self.name)

    async def _slot(self, stream: LogStream) -> Any:
        return next(iter(await stream.execute(_SLOT.format(self.name))), None)

    def _opened(self) -> LogStream:
        if self._stream is None:
            raise ConnectionError("the log is not open")
        return self._stream
