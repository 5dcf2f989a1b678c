"""Step 4: the kind of transaction that a request asks for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar, cast

from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T", bound=type)

LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
_OPTIONS = "__cqrs_transaction__"


@dataclasses.dataclass(frozen=True, slots=True)
class TransactionOptions:
    """How a transaction begins: its isolation level (``None``: that of the engine), and whether it only reads."""

    isolation_level: str | None = None
    read_only: bool = False

    def __post_init__(self) -> None:
        """Raise ``InvalidArgument`` for an unknown isolation level."""
        if self.isolation_level is not None and self.isolation_level not in LEVELS:
            raise InvalidArgument("isolation_level", self.isolation_level, f"give one of {', '.join(LEVELS)}")

    def fits_in(self, outer: TransactionOptions) -> bool:
        """Whether a transaction with the options ``outer`` has the isolation level that is asked for here."""
        return self.isolation_level is None or self.isolation_level == outer.isolation_level


DEFAULT_OPTIONS = TransactionOptions()
"""Compared by identity, so that requests without options cost nothing."""


def chosen(isolation_level: str | None, read_only: bool) -> TransactionOptions:  # noqa: FBT001  # named by its callers
    """Return the options, ``DEFAULT_OPTIONS`` itself if nothing is asked for."""
    if isolation_level is None and not read_only:
        return DEFAULT_OPTIONS
    return TransactionOptions(isolation_level, read_only)


def transaction_options(*, isolation_level: str | None = None, read_only: bool = False) -> Callable[[T], T]:
    """Return a decorator for a request class that sets the kind of transaction of its turn.

    ``read_only`` makes the database refuse every write; on SQLite such a turn does not wait for turns that write. On
    SQLite every level except ``READ UNCOMMITTED`` means ``SERIALIZABLE``. If such a request joins an open transaction,
    ``SecondTransaction`` is raised if that has another level; ``read_only`` has no effect then, nor if the session is
    bound to a connection, as in some tests. Use it with mediators that have ``database=``. Raises ``InvalidArgument``
    for an unknown level.
    """
    options = chosen(isolation_level, read_only)

    def decorate(request_type: T) -> T:
        setattr(request_type, _OPTIONS, options)
        return request_type

    return decorate


def options_of(request_type: type) -> TransactionOptions:
    """Return the options that requests of this type ask for."""
    return cast("TransactionOptions", getattr(request_type, _OPTIONS, DEFAULT_OPTIONS))
