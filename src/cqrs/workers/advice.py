"""How the log tells an error that holds a worker up."""

from __future__ import annotations

from cqrs.errors.root import CQRSError


def told(error: BaseException | None) -> str:
    """``error`` for a log line: by what it says where that is written for people."""
    return str(error) if isinstance(error, CQRSError) else repr(error)
