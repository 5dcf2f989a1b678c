"""The table of the log: up to where messages of each log are settled for certain. PostgreSQL only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from cqrs._migration_steps import LOG_TABLE

log_metadata = MetaData()

positions = Table(
    LOG_TABLE,
    log_metadata,
    Column("name", String(64), primary_key=True),
    Column("transaction", BigInteger, nullable=False),
    Column("message", Integer, nullable=False),
)
