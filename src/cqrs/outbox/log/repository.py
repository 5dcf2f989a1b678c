"""Step 4, an outbox without a table: messages are written to the log of PostgreSQL, and nowhere else."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  # containers read the annotations of the constructor
from typing import TYPE_CHECKING, Any

from cqrs.compressors.protocol import Compressor  # noqa: TC001  # as above
from cqrs.errors.messages import NotForTheLog
from cqrs.events.registry import EventRegistry  # noqa: TC001  # as above
from cqrs.outbox.log.content import PREFIX, pack
from cqrs.outbox.log.diversion import SqlAlchemyDiversion
from cqrs.outbox.log.writing import write_at_commit
from cqrs.outbox.sqlalchemy.repository import Sessions, SqlAlchemyOutboxedEventRepository
from cqrs.outbox.stored import LEASE
from cqrs.serializers.protocol import Serializer  # noqa: TC001  # as above
from cqrs.unit_of_work.sqlalchemy.guards import unit_of

if TYPE_CHECKING:
    from cqrs.outbox.rows import NewRow


class PostgresLogOutboxedEventRepository(SqlAlchemyOutboxedEventRepository):
    """Adds messages with ``pg_logical_emit_message``; a ``LogRelay`` with a ``PostgresLog`` sends them.

    Nothing is inserted, updated or deleted for a message that goes its way. What a broker rejects, and what comes after
    that with the same key, is diverted into the table: all that this repository does beside adding, it does with
    those. They leave it by an ``OutboxRelay`` over this repository.

    A message that stands only in the log is lost if the replication slot is: see :class:`cqrs.errors.LogSlotLost`.
    """

    def __init__(  # noqa: PLR0913  # as the outbox in a table
        self,
        session: Sessions,
        compressor: Compressor | None = None,
        *,
        prefix: str = PREFIX,
        table_name: str | None = None,
        model: type[Any] | None = None,
        registry: EventRegistry | None = None,
        lease: dt.timedelta = LEASE,
        keep_produced: bool = True,
        serializer: Serializer | None = None,
    ) -> None:
        super().__init__(
            session,
            compressor,
            table_name=table_name,
            model=model,
            registry=registry,
            lease=lease,
            keep_produced=keep_produced,
            notify=False,
            serializer=serializer,
        )
        self.prefix = prefix

    def diversion(self) -> SqlAlchemyDiversion:
        """Where a ``LogRelay`` puts what it cannot send."""
        return SqlAlchemyDiversion(self._factory, self.model)

    def _store(self, session: Any, row: NewRow) -> None:
        if row.delay is not None or row.due_at is not None:
            raise NotForTheLog(row.envelope.name)
        plain = self._open_session(session)
        take_back = write_at_commit(plain, self.model, self.prefix, pack(row))
        unit = unit_of(plain)
        if unit is not None:  # a savepoint of it may have begun nothing in the session
            unit.journal.note(take_back)
