"""What the error codes of databases mean, whichever driver raised them; no driver is imported for it.

PostgreSQL has an SQLSTATE, MariaDB the number of an error, SQLite a result code. SQLAlchemy wraps all of them.
"""

from __future__ import annotations

import enum


class Meaning(enum.Flag):
    """What a code says about the transaction and about the statement."""

    NOTHING = 0
    OUTAGE = enum.auto()
    """The database is away, overloaded or busy, or another transaction was in the way: the statement may be correct."""
    LOST = enum.auto()
    """The transaction was undone because it conflicts with another one; it can be repeated."""
    UNDONE = enum.auto()
    """The transaction was undone as a whole, and further statements would begin a new one."""
    UNDONE_IF_CONFIGURED = enum.auto()
    """The same, if the server is configured so."""
    DOOMED = enum.auto()
    """An earlier statement of the transaction has failed, and nothing but a rollback is accepted."""
    TOO_LONG = enum.auto()
    """The statement took longer than it may."""
    READ_ONLY = enum.auto()
    """The transaction or the server accepts no writes."""
    LOCKED = enum.auto()
    """Another connection holds the write lock of the file."""
    NO_TABLE = enum.auto()
    """A table does not exist."""
    NO_COLUMN = enum.auto()
    """A column does not exist."""


_CONFLICT = Meaning.OUTAGE | Meaning.LOST

_SQLSTATES = {
    "08": Meaning.OUTAGE,  # connections
    "25006": Meaning.OUTAGE | Meaning.READ_ONLY,  # which is also what a primary answers that has become a replica
    "25P02": Meaning.DOOMED,
    "40": Meaning.OUTAGE,  # transactions that were undone
    "40001": _CONFLICT,  # serialization failure
    "40P01": _CONFLICT,  # deadlock
    "42703": Meaning.NO_COLUMN,
    "42P01": Meaning.NO_TABLE,
    "53": Meaning.OUTAGE,  # resources
    "55P03": Meaning.OUTAGE,  # no lock in time
    "57": Meaning.OUTAGE,  # shutdown, interruption
    "57014": Meaning.OUTAGE | Meaning.TOO_LONG,
    "58": Meaning.OUTAGE,  # input and output
}
"""Codes, and classes of codes by their first two characters."""

_CLASS = 2

_MARIADB = {
    1020: _CONFLICT | Meaning.UNDONE,  # changed since it was read
    1021: Meaning.OUTAGE,  # disk full
    1040: Meaning.OUTAGE,  # too many connections
    1041: Meaning.OUTAGE,  # out of memory
    1053: Meaning.OUTAGE,  # shutdown
    1054: Meaning.NO_COLUMN,
    1129: Meaning.OUTAGE,  # this host is blocked
    1146: Meaning.NO_TABLE,
    1203: Meaning.OUTAGE,  # too many connections of this user
    1205: Meaning.OUTAGE | Meaning.UNDONE_IF_CONFIGURED,  # no lock in time
    1206: Meaning.UNDONE,  # too many locks
    1213: _CONFLICT | Meaning.UNDONE,  # deadlock
    1226: Meaning.OUTAGE,  # a limit of this user
    1290: Meaning.OUTAGE,  # the server is read-only
    1792: Meaning.READ_ONLY,  # the transaction is
    1836: Meaning.OUTAGE,  # the server is read-only
    1927: Meaning.OUTAGE,  # the connection was killed
    1969: Meaning.TOO_LONG,
    2002: Meaning.OUTAGE,  # and the rest: the connection
    2003: Meaning.OUTAGE,
    2006: Meaning.OUTAGE,
    2013: Meaning.OUTAGE,
    2055: Meaning.OUTAGE,
}

_SQLITE = {
    5: Meaning.OUTAGE | Meaning.LOCKED,  # busy
    6: Meaning.OUTAGE | Meaning.LOCKED,  # locked
    7: Meaning.UNDONE,  # out of memory
    8: Meaning.OUTAGE,  # read-only
    9: Meaning.UNDONE,  # interrupted
    10: Meaning.OUTAGE | Meaning.UNDONE,  # I/O error
    13: Meaning.OUTAGE | Meaning.UNDONE,  # disk full
    14: Meaning.OUTAGE,  # cannot be opened
    19: Meaning.UNDONE,  # a constraint, if it was declared with ON CONFLICT ROLLBACK
}
"""Primary result codes. Those that undo a transaction do not always: the driver knows whether it is in one."""

_PRIMARY = 0xFF  # an extended result code has the primary one in its last byte

_SQLITE_TEXTS = {
    "no such table": Meaning.NO_TABLE,
    "no such column": Meaning.NO_COLUMN,
    "has no column named": Meaning.NO_COLUMN,
}
"""SQLite has one code for everything that a statement can be wrong in."""

_MARIADB_DRIVERS = frozenset({"asyncmy", "pymysql", "aiomysql", "mariadb"})


def meaning_of(error: BaseException) -> Meaning:
    """What the code of ``error`` means, or of the driver's error that SQLAlchemy has wrapped in it."""
    wrapped = getattr(error, "orig", None)
    raised = wrapped if isinstance(wrapped, BaseException) else error
    state = getattr(raised, "sqlstate", None) or getattr(raised, "pgcode", None)
    meant = Meaning.NOTHING
    if isinstance(state, str):
        meant = _SQLSTATES.get(state[:_CLASS], meant) | _SQLSTATES.get(state, meant)
    module = type(raised).__module__.partition(".")[0]
    if module in _MARIADB_DRIVERS and raised.args:  # their SQLSTATE is a general one as a rule
        return meant | _MARIADB.get(raised.args[0], Meaning.NOTHING)
    if isinstance(state, str):
        return meant
    code = getattr(raised, "sqlite_errorcode", None)
    if isinstance(code, int) and code & _PRIMARY in _SQLITE:
        return _SQLITE[code & _PRIMARY]
    if module == "sqlite3":
        text = str(raised)
        return next((meant for phrase, meant in _SQLITE_TEXTS.items() if phrase in text), Meaning.NOTHING)
    return Meaning.NOTHING
