"""Step 4, what kind of transaction a request asks for."""

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
    """How a transaction begins: its isolation level, ``None`` for that of the engine, and whether it only reads."""

    isolation_level: str | None = None
    read_only: bool = False

    def __post_init__(self) -> None:
        """Raise ``InvalidArgument`` for a level that no database has."""
        if self.isolation_level is not None and self.isolation_level not in LEVELS:
            raise InvalidArgument("isolation_level", self.isolation_level, f"give one of {', '.join(LEVELS)}")

    def fits_in(self, outer: TransactionOptions) -> bool:
        """Whether a transaction that was begun as ``outer`` is as isolated; what writes in one that reads fails."""
        return self.isolation_level is None or self.isolation_level == outer.isolation_level


DEFAULT_OPTIONS = TransactionOptions()
"""Known by its identity: what asks for nothing costs nothing."""


def chosen(isolation_level: str | None, read_only: bool) -> TransactionOptions:  # noqa: FBT001  # named by its callers
    """The options, which are ``DEFAULT_OPTIONS`` if nothing is asked for."""
    if isolation_level is None and not read_only:
        return DEFAULT_OPTIONS
    return TransactionOptions(isolation_level, read_only)


def transaction_options(*, isolation_level: str | None = None, read_only: bool = False) -> Callable[[T], T]:
    """A decorator for a request class: its turn is a transaction of this kind.

    ``read_only`` makes the database refuse every write; on SQLite such a turn does not wait for those that write. On
    SQLite every level but ``READ UNCOMMITTED`` means ``SERIALIZABLE``. Where such a request joins an open transaction,
    ``SecondTransaction`` is raised if that has another level; ``read_only`` means nothing there, nor where the session
    is bound to a connection, as in some tests. It is for mediators with ``database=``. Raises ``InvalidArgument`` for
    an unknown level.
    """
    options = chosen(isolation_level, read_only)

    def decorate(request_type: T) -> T:
        setattr(request_type, _OPTIONS, options)
        return request_type

    return decorate


def options_of(request_type: type) -> TransactionOptions:
    """What the requests of this type ask for."""
    return cast("TransactionOptions", getattr(request_type, _OPTIONS, DEFAULT_OPTIONS))
