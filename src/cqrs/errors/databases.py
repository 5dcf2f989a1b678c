"""Errors of databases, their tables and their logs."""

from __future__ import annotations

from cqrs.errors.root import CQRSError


class MigrationRefused(CQRSError):
    """The tables ``table`` of a database cannot be migrated; the text has the reason."""

    def __init__(self, table: str, problem: str) -> None:
        self.table = table
        super().__init__(f"{table}: {problem}")


class MigrationNeeded(CQRSError):
    """A ``table`` of this package is not in the database at ``address``, or is older than this version of the package.

    ``column`` is the missing column, ``None`` if the whole table is missing. ``command`` brings it up to date; neither
    that nor the address has the password. The transaction is rolled back.
    """

    def __init__(self, table: str, address: str, command: str, column: str | None = None) -> None:
        self.table = table
        self.address = address
        self.command = command
        self.column = column
        missing = f"table {table}" if column is None else f"column {column} in the table {table}"
        super().__init__(
            f"There is no {missing} in {address}: run `{command}`, or await upgrade() of the Database, before anything "
            "uses it. If Alembic makes your tables, run `alembic upgrade heads`."
        )


class DatabaseAddressError(CQRSError, ValueError):
    """The ``address`` of a database cannot be used; the text has the reason. No password is in either."""

    def __init__(self, address: str, problem: str) -> None:
        self.address = address
        super().__init__(f"{address}: {problem}")


class DatabaseUnavailable(CQRSError, ConnectionError):
    """The database at ``address`` cannot be reached, or refuses the login. The password is not in the address."""

    def __init__(self, address: str, reason: BaseException) -> None:
        self.address = address
        self.reason = reason
        super().__init__(
            f"No connection to {address} ({type(reason).__name__}: {reason}): check that the server runs, that the "
            "database is there, and user and password."
        )


class LogBusy(CQRSError):
    """Another relay reads the log through ``slot``; only one at a time can."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        super().__init__(f"Another relay reads through the replication slot {slot!r}: wait until it ends.")


class UnreadableLog(CQRSError):
    """The server has sent an invalid record of its log. ``kind`` is its first byte."""

    def __init__(self, kind: bytes) -> None:
        self.kind = kind
        super().__init__(
            f"A record of the log, of the kind {kind!r}, cannot be read: check that the slot was made for the plugin "
            "pgoutput, by PostgresLog.create()."
        )


class LogSlotLost(CQRSError):
    """The replication ``slot`` is gone or invalid: messages that were only in the log and not read are lost."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        super().__init__(
            f"The replication slot {slot!r} was dropped, was invalidated because the log grew too long, or was never "
            "made on this server. Messages that were not read are lost. Find out which they are, send them again, and "
            "call PostgresLog.create(after_loss=True)."
        )
