"""How the log tells an error that holds a worker up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_TABLE = {"42P01", "42703"}  # undefined table, undefined column, of PostgreSQL
_NO_TABLE_OF_MARIADB = {1146, 1054}


def told(error: BaseException | None) -> str:
    """``error`` for a log line, and what to do about it where that is known."""
    if error is not None and any(_lacks_table(one) for one in _chain(error)):
        return f"{error!r}: make the tables, with `python -m cqrs db upgrade` or cqrs.migrations.upgrade()"
    return repr(error)


def _lacks_table(error: BaseException) -> bool:
    if {getattr(error, "sqlstate", None), getattr(error, "pgcode", None)} & _NO_TABLE:
        return True
    text = str(error.args[0]) if error.args else ""
    if type(error).__module__ == "sqlite3":
        return text.startswith("no such table") or "no such column" in text or "has no column named" in text
    return bool(error.args) and type(error).__module__.startswith("asyncmy") and error.args[0] in _NO_TABLE_OF_MARIADB


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and what a driver said."""
    yield error
    for inner in (getattr(error, "orig", None), error.__cause__):
        if isinstance(inner, BaseException):
            yield inner
