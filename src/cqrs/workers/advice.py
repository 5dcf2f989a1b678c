"""How the log tells an error that holds a worker up."""

from __future__ import annotations

from cqrs.errors.root import CQRSError


def told(error: BaseException | None) -> str:
    """``error`` for a log line: by what it says where that is written for people."""
    return str(error) if isinstance(error, CQRSError) else repr(error)


def place(carrier: object) -> str:
    """A broker or a source for people, with its address if it tells that."""
    of_its_own = type(carrier).__repr__ is not object.__repr__
    return repr(carrier) if of_its_own else type(carrier).__qualname__
