"""The tables of leases: who is alive, and who holds which share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, text

from cqrs._sqlalchemy.missing_tables import is_ours
from cqrs._sqlalchemy.types import EXACT_TEXT, UtcDateTime

lease_metadata = MetaData()

_options: dict[str, Any] = EXACT_TEXT

leases = Table(
    "cqrs_leases",
    lease_metadata,
    Column("scope", String(190), primary_key=True),
    Column("share", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(64)),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", UtcDateTime),
    **_options,
)

members = Table(
    "cqrs_lease_members",
    lease_metadata,
    Column("scope", String(190), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("alive_until", UtcDateTime, nullable=False),
    **_options,
)

is_ours(leases, members)
