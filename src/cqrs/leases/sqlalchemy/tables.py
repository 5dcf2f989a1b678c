"""The tables of leases: the workers that are alive, and the holder of each share."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, text

from cqrs._sqlalchemy.dialects import EXACT_TEXT
from cqrs._sqlalchemy.missing_tables import is_ours
from cqrs._sqlalchemy.types import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Sequence


class LeaseTables(NamedTuple):
    """``leases`` has a row for each share, ``members`` one for each worker that is alive."""

    leases: Table
    members: Table


@functools.cache
def lease_tables(metadata: MetaData | None = None) -> LeaseTables:
    """The tables ``cqrs_leases`` and ``cqrs_lease_members``, in a metadata of yours or in one of their own."""
    metadata = metadata or MetaData()
    options: dict[str, Any] = EXACT_TEXT
    return LeaseTables(
        leases=Table(
            "cqrs_leases",
            metadata,
            Column("scope", String(190), primary_key=True),
            Column("share", Integer, primary_key=True, autoincrement=False),
            Column("owner", String(64)),
            Column("fence", BigInteger, nullable=False, server_default=text("0")),
            Column("lease_until", UtcDateTime),
            **options,
        ),
        members=Table(
            "cqrs_lease_members",
            metadata,
            Column("scope", String(190), primary_key=True),
            Column("owner", String(64), primary_key=True),
            Column("alive_until", UtcDateTime, nullable=False),
            **options,
        ),
    )


leases, members = lease_tables()
lease_metadata = leases.metadata

is_ours(leases, members)


def migrated_tables(name: str | None) -> Sequence[Table]:
    """The tables, for the registry of migrations; they have no other names."""
    del name
    return leases, members
