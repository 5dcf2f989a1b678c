"""What each database can do. All other modules ask for a capability and never for the name of a database or driver."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime
from sqlalchemy.dialects import mysql, postgresql, sqlite

from cqrs.errors.databases import DatabaseAddressError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Engine
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine


EXACT_COLLATION = "utf8mb4_nopad_bin"
"""By default MariaDB takes `a` and `A` for one text, and with most collations `a` and `a ` with a space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one kind of database can do, and the statements by which it does that."""

    name: str
    """The folder of its migrations, and the key of its options in SQLAlchemy."""

    driver: str
    """The driver for an address that names none; ``extra`` of this package installs it."""

    extra: str

    insert: Callable[..., Any]
    """Makes an INSERT of this dialect."""

    now: str
    """The time of the statement, to the microsecond, that an index can be searched by."""

    later: str
    """``now`` plus ``{}`` seconds."""

    aware_time: TypeEngine[Any] = field(default_factory=lambda: DateTime(timezone=True))
    """The type of a column for times."""

    has_time_zones: bool = False
    """Columns keep the time zone; else they hold UTC."""

    has_uuids: bool = False
    """There is a type for UUIDs; else they are 16 bytes."""

    has_arrays: bool = False
    """A parameter can be an array, so that a statement is compiled once for any number of values."""

    has_on_conflict: bool = True
    """INSERT has ON CONFLICT DO NOTHING; else ON DUPLICATE KEY UPDATE."""

    has_partial_indexes: bool = True
    """An index can have a WHERE."""

    is_file: bool = False
    """The database is a file of this machine, or in memory; there is no server that closes connections."""

    has_transactional_ddl: bool = True
    """CREATE, ALTER and DROP belong to the transaction; else each of them commits."""

    has_row_locks: bool = True
    """Several transactions write at once, and FOR UPDATE SKIP LOCKED passes over what others have locked.

    Else one transaction writes at a time, in one file: it has to take the lock when it begins, or fails later.
    """

    isolation_levels: frozenset[str] | None = None
    """The levels that can be set; each other one is weaker than what there is anyway. ``None`` means all levels."""

    has_schemas: bool = False
    """A database has schemas, and a transaction can be restricted to one by its ``search_path``."""

    has_notify: bool = False
    """There are LISTEN and NOTIFY."""

    has_message_log: bool = False
    """Messages can be written to its write-ahead log, and read from there in the order of the commits."""

    dooms_transactions: bool = False
    """After a failed statement a transaction cannot be committed any more, and a COMMIT is a ROLLBACK."""

    read_only_options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Options of a connection with which it refuses writes."""

    begin_read_only: str | None = None
    """The statement that begins a transaction in which it refuses writes."""

    limit_idle_transaction: str | None = None
    """The statement that lets the server end this transaction when it is idle for ``:limit``, such as ``500ms``."""

    limit_idle_connection: str | None = None
    """The statement that does so for all transactions of a connection, after ``:limit`` seconds."""

    unlimit_idle_connection: str | None = None
    """The statement that undoes :attr:`limit_idle_connection`."""

    largest_packet: str | None = None
    """The query for the size in bytes that a statement may have, where the server bounds it."""

    exact_collation: str | None = None
    """The collation that a column needs to compare texts as they are."""

    declares_types: bool = True
    """The type of a column can be read back as it was declared."""

    def can_set(self, isolation_level: str) -> bool:
        """Whether ``isolation_level`` can be set for a transaction."""
        return self.isolation_levels is None or isolation_level in self.isolation_levels


_SQLITE = Capabilities(
    name="sqlite",
    driver="aiosqlite",
    extra="sqlite",
    insert=sqlite.insert,
    # It counts milliseconds and compares times as text, so the length must be that of the driver's own texts.
    now="(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    later="strftime('%Y-%m-%d %H:%M:%f000', 'now', ({}) || ' seconds')",
    is_file=True,
    has_row_locks=False,
    isolation_levels=frozenset({"SERIALIZABLE", "READ UNCOMMITTED"}),
    declares_types=False,
)

_POSTGRESQL = Capabilities(
    name="postgresql",
    driver="asyncpg",
    extra="postgres",
    insert=postgresql.insert,
    # now() stands still within a transaction, and no index can be searched by clock_timestamp().
    now="statement_timestamp()",
    later="statement_timestamp() + make_interval(secs => {})",
    has_time_zones=True,
    has_uuids=True,
    has_arrays=True,
    has_schemas=True,
    has_notify=True,
    has_message_log=True,
    dooms_transactions=True,
    read_only_options=MappingProxyType({"postgresql_readonly": True}),
    limit_idle_transaction="SELECT set_config('idle_in_transaction_session_timeout', :limit, true)",
)

_MARIADB = Capabilities(
    name="mariadb",
    driver="asyncmy",
    extra="mariadb",
    insert=mysql.insert,
    now="(UTC_TIMESTAMP(6))",
    later="UTC_TIMESTAMP(6) + INTERVAL {} SECOND",
    aware_time=mysql.DATETIME(fsp=6),
    has_on_conflict=False,
    has_partial_indexes=False,
    has_transactional_ddl=False,
    begin_read_only="START TRANSACTION READ ONLY",
    limit_idle_connection="SET SESSION idle_transaction_timeout = :limit",
    unlimit_idle_connection="SET SESSION idle_transaction_timeout = DEFAULT",
    largest_packet="SELECT @@max_allowed_packet",
    exact_collation=EXACT_COLLATION,
)

# A server that is reached by mysql:// is known to be MariaDB after the first connection only.
_MYSQL = replace(_MARIADB, limit_idle_connection=None, unlimit_idle_connection=None)

_KNOWN = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL, "mariadb": _MARIADB, "mysql": _MARIADB}

MARIADB_NAMES = ("mysql", "mariadb")
"""What SQLAlchemy calls MariaDB, for variants of types, hints and compilers."""

SQLITE_NAME = "sqlite"
"""What SQLAlchemy calls SQLite, for the same."""

EXACT_TEXT = {
    f"{name}_{option}": value
    for name in MARIADB_NAMES
    for option, value in (("charset", "utf8mb4"), ("collate", EXACT_COLLATION))
}
"""Options of a table in which texts are compared as they are."""

_ALIASES = {"postgres://": "postgresql://"}


def capabilities_of(dialect: Dialect) -> Capabilities:
    """What the database of ``dialect`` can do. Raises ``DatabaseAddressError`` for one that is not supported."""
    if dialect.name == "mysql" and not getattr(dialect, "is_mariadb", False):
        return _MYSQL
    return capabilities_named(dialect.name)


def capabilities_named(name: str, address: str | None = None) -> Capabilities:
    """The same by the name that SQLAlchemy has for a database; an error of it shows ``address``."""
    found = _KNOWN.get(name)
    if found is None:
        problem = f"the database {name} is not supported: use SQLite, PostgreSQL or MariaDB"
        raise DatabaseAddressError(address or name, problem)
    return found


def is_file(name: str) -> bool:
    """Whether databases that SQLAlchemy knows by ``name`` are files; ``False`` for one that is not supported."""
    return name in _KNOWN and _KNOWN[name].is_file


def has_uuids(dialect: Dialect) -> bool:
    """Whether there is a type for UUIDs; ``False`` also for the dialect by which SQLAlchemy prints statements."""
    found = _KNOWN.get(dialect.name)
    return found is not None and found.has_uuids


def aware_time(dialect: Dialect) -> tuple[TypeEngine[Any], bool]:
    """The type of a column for times, and whether that keeps the time zone; like :func:`has_uuids` never raises."""
    found = _KNOWN.get(dialect.name)
    return (DateTime(timezone=True), False) if found is None else (found.aware_time, found.has_time_zones)


def can_notify(engine: Engine) -> bool:
    """Whether a task can send a NOTIFY over ``engine``."""
    return capabilities_of(engine.dialect).has_notify and engine.dialect.is_async


def uses_asyncpg(dialect: Dialect) -> bool:
    """Whether the connections under those of SQLAlchemy are asyncpg's."""
    return dialect.driver == _POSTGRESQL.driver


def full_address(address: str) -> str:
    """``address`` with the name of its database as SQLAlchemy knows it."""
    for short, full in _ALIASES.items():
        if address.startswith(short):
            return full + address.removeprefix(short)
    return address
