"""The table of the log: up to where messages of each log are settled for certain. PostgreSQL only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from cqrs._sqlalchemy.missing_tables import is_ours
from cqrs.outbox.log.protocol import LOG_TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

log_metadata = MetaData()

positions = Table(
    LOG_TABLE,
    log_metadata,
    Column("name", String(64), primary_key=True),
    Column("transaction", BigInteger, nullable=False),
    Column("message", Integer, nullable=False),
)
is_ours(positions)


def migrated_tables(name: str | None) -> Sequence[Table]:
    """The table, for the registry of migrations; it has no other name."""
    del name
    return (positions,)
