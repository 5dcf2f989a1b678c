"""Errors of transactions: wrong use that would lose data, and conflicts with another transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.errors.root import CQRSError

if TYPE_CHECKING:
    from collections.abc import Sequence


class UnitOfWorkStateError(CQRSError, RuntimeError):
    """A transaction was used in a way that would lose data; each subclass is one such way."""

    def __init__(
        self, problem: str = "This unit of work is not open: use it within `async with`, and before commit or rollback."
    ) -> None:
        super().__init__(problem)


class NoOpenTransaction(UnitOfWorkStateError):
    """``wanted`` needs an open transaction, and none is open: what it writes would never be committed."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        super().__init__(
            f"{wanted} needs an open transaction, and none is open here. Call it within the turn of a mediator that "
            "was built with database=…, or within `async with db.transaction():`."
        )


class SecondTransaction(UnitOfWorkStateError):
    """``second`` would begin a transaction besides the open one of ``database``, and be committed separately."""

    def __init__(self, second: str, database: str, remedy: str) -> None:
        self.second = second
        self.database = database
        self.remedy = remedy
        super().__init__(f"{second}, while a transaction of {database} is open here. {remedy}")


class OtherDatabase(UnitOfWorkStateError):
    """``wanted`` belongs to the database ``own``, and the open transaction to ``opened``."""

    def __init__(self, wanted: str, own: str, opened: str) -> None:
        self.wanted = wanted
        self.own = own
        self.opened = opened
        if own == opened:
            super().__init__(
                f"{wanted} belongs to another Database object over {own} than the open transaction: make one Database "
                "for each database, and pass it to everything."
            )
            return
        super().__init__(
            f"{wanted} belongs to {own}, and the transaction that is open here is one of {opened}: the two would not "
            "be committed together. Write there in a transaction of its own, `async with other.transaction():`, or "
            "send a message through the outbox and handle it there."
        )


class OtherTask(UnitOfWorkStateError):
    """``wanted`` was used in another task than that of its transaction."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        super().__init__(
            f"{wanted} was used in another task than the one that its transaction is open in: that one may commit "
            "or end at any moment. Await the calls one after the other instead of gather() or create_task(), limit "
            "their time with asyncio.timeout() instead of wait_for(), or open `async with db.separate_transaction():` "
            "in the task."
        )


class TransactionEnded(UnitOfWorkStateError):
    """The transaction has ended; ``reason`` is how."""

    def __init__(self, reason: str, remedy: str = "Begin again with a new one.") -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"The transaction has ended: {reason}. {remedy}")


class TransactionDoomed(UnitOfWorkStateError):
    """A part of the transaction failed with ``reason`` and was not rolled back alone, so all of it was."""

    def __init__(self, reason: BaseException) -> None:
        self.reason = reason
        super().__init__(
            f"A part of this transaction has failed ({type(reason).__qualname__}: {reason}) and what it wrote was not "
            "undone, so nothing is committed. Let the error leave the transaction, or put `async with "
            "unit.savepoint():` around what may fail."
        )


class AfterCommitError(CQRSError):
    """The transaction **is committed**, but steps after the commit failed with ``errors``: do not repeat the call.

    ``answer`` is what the call would have returned. Raised for ``after_commit`` callbacks and for messages that go
    straight to a broker.
    """

    def __init__(self, errors: Sequence[BaseException], answer: object = None) -> None:
        self.errors = tuple(errors)
        self.answer = answer
        failures = "; ".join(f"{type(error).__qualname__}: {error}" for error in self.errors)
        super().__init__(
            f"The transaction is committed, but a step after the commit has failed: {failures}. Do not repeat it."
        )


class ConcurrencyError(CQRSError):
    """Another transaction was faster, and this one was rolled back. Do all of it again, beginning with what it read.

    ``stream`` is what both have written, ``expected`` and ``actual`` are its versions. All are ``None`` if the
    database itself has refused: a deadlock, a serialization failure, a row that has changed since it was read, a table
    that a migration has changed.
    """

    def __init__(self, stream: object = None, expected: object = None, actual: object = None) -> None:
        self.stream = stream
        self.expected = expected
        self.actual = actual
        what = "the same rows" if stream is None else f"{stream!r} (expected {expected!r}, found {actual!r})"
        super().__init__(
            f"Another transaction has changed {what}: nothing has happened, do it again from reading on. A "
            "RetryMiddleware does so."
        )
