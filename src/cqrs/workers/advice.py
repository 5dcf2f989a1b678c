"""How the log tells an error that holds a worker up."""

from __future__ import annotations

from cqrs.errors.root import CQRSError


def told(error: BaseException | None, where: str = "") -> str:
    """``error`` for a log line: by what it says where that is written for people. Drivers do not name ``where``."""
    said = str(error) if isinstance(error, CQRSError) else repr(error)
    return f"{where}: {said}" if where and where not in said else said


def place(carrier: object) -> str:
    """A broker or a source for people, with its address if it tells that."""
    of_its_own = type(carrier).__repr__ is not object.__repr__
    return repr(carrier) if of_its_own else type(carrier).__qualname__
