"""Column types that mean the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import BINARY, BigInteger, DateTime, Integer, LargeBinary, TypeDecorator
from sqlalchemy.dialects.mysql import LONGBLOB
from sqlalchemy.dialects.postgresql import UUID

from cqrs._sqlalchemy.dialects import MARIADB_NAMES, SQLITE_NAME, aware_time, has_uuids

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine


class BinaryUUID(TypeDecorator[uuid.UUID]):
    """A UUID: the native type on PostgreSQL, 16 bytes elsewhere."""

    impl = BINARY(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the column."""
        return dialect.type_descriptor(UUID(as_uuid=True) if has_uuids(dialect) else BINARY(16))

    def process_bind_param(self, value: uuid.UUID | str | None, dialect: Dialect) -> uuid.UUID | bytes | None:
        """What the driver is given."""
        if value is None:
            return None
        known = value if isinstance(value, uuid.UUID) else uuid.UUID(value)
        return known if has_uuids(dialect) else known.bytes

    def process_result_value(self, value: uuid.UUID | bytes | None, dialect: Dialect) -> uuid.UUID | None:
        """What the driver gave."""
        del dialect
        return uuid.UUID(bytes=value) if isinstance(value, bytes) else value


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware time, to the microsecond; stored in UTC where the database knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the column."""
        kind, _ = aware_time(dialect)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """What the driver is given."""
        _, has_time_zones = aware_time(dialect)
        if value is None or has_time_zones:
            return value
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """What the driver gave."""
        del dialect
        return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value


LargeBytes = LargeBinary().with_variant(LONGBLOB(), *MARIADB_NAMES)
"""More than 64 KiB everywhere."""

RowId = BigInteger().with_variant(Integer(), SQLITE_NAME)
"""SQLite numbers rows by itself only in a column of type INTEGER."""
