"""The tables of an inbox: marks, parked messages, and the sequences that these form."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

from cqrs._sqlalchemy.clock import database_now
from cqrs._sqlalchemy.dialects import EXACT_TEXT
from cqrs._sqlalchemy.missing_tables import is_ours
from cqrs._sqlalchemy.types import BinaryUUID, LargeBytes, RowId, UtcDateTime
from cqrs.migrations.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class InboxTables:
    """An inbox is ``marks`` of what took effect, ``parked`` messages, and the ``sequences`` they wait in.

    A sequence exists as long as messages of its key are parked. A transaction that parks or takes messages updates its
    ``size`` first, so its row is the lock of the key.
    """

    marks: Table
    sequences: Table
    parked: Table

    def create_all(self, connection: Any) -> None:
        """Make what is missing; to be run by ``run_sync``."""
        self.marks.metadata.create_all(connection, tables=[self.marks, self.sequences, self.parked])


@functools.cache
def inbox_tables(name: str = "inbox", metadata: MetaData | None = None) -> InboxTables:
    """The tables ``name``, ``name_sequences`` and ``name_parked``, in a metadata of yours or in one of their own."""
    metadata = metadata or MetaData()
    options: dict[str, Any] = EXACT_TEXT
    tables = InboxTables(
        marks=Table(
            name,
            metadata,
            Column("consumer", String(128), primary_key=True),
            Column("message_id", BinaryUUID, primary_key=True),
            Column("received_at", UtcDateTime, nullable=False, server_default=database_now()),
            Index(f"ix_{name}_received", "consumer", "received_at"),
            **options,
        ),
        sequences=Table(
            f"{name}_sequences",
            metadata,
            Column("consumer", String(128), primary_key=True),
            Column("sequence", BinaryUUID, primary_key=True),
            Column("size", Integer, nullable=False),
            Column("attempts", Integer, nullable=False),
            Column("retry_at", UtcDateTime),
            Column("last_error", Text, nullable=False),
            Index(f"ix_{name}_sequences_retry", "consumer", "retry_at"),
            **options,
        ),
        parked=Table(
            f"{name}_parked",
            metadata,
            Column("id", RowId, primary_key=True, autoincrement=True),
            Column("consumer", String(128), nullable=False),
            Column("sequence", BinaryUUID, nullable=False),
            Column("message_id", BinaryUUID, nullable=False),
            Column("head", LargeBytes, nullable=False),
            Column("body", LargeBytes, nullable=False),
            Column("parked_at", UtcDateTime, nullable=False, server_default=database_now()),
            Index(f"ix_{name}_parked_sequence", "consumer", "sequence", "id"),
            Index(f"ix_{name}_parked_message", "consumer", "message_id"),
            sqlite_autoincrement=True,
            **options,
        ),
    )
    is_ours(tables.marks, tables.sequences, tables.parked, option=SUBJECTS["inbox"].option(name))
    return tables


def migrated_tables(name: str | None) -> Sequence[Table]:
    """The tables of the inbox that is called ``name``, or the default one, for the registry of migrations."""
    tables = inbox_tables(name or "inbox")
    return tables.marks, tables.sequences, tables.parked
