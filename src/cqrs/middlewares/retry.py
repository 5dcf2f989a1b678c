"""Step 2, another attempt where the first has changed nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from cqrs._tasks.running import current_run
from cqrs.backoff import Retry
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import ConcurrencyError
from cqrs.unit_of_work.stack import current_unit_of_work

if TYPE_CHECKING:
    from cqrs.middlewares.base import Handle
    from cqrs.unit_of_work.protocol import UnitOfWork

logger = logging.getLogger("cqrs")


class RetryMiddleware:
    """Handles a request again, as ``retry`` says, if a ``ConcurrencyError`` or another error of its choice ended it.

    It stands before the ``TransactionMiddleware``, which ``database=`` puts innermost: each attempt then has a
    transaction of its own, and a session of the open transaction that somebody keeps is that of the attempt.

    Within an open unit of work each attempt is a savepoint, and what undoes the whole transaction (a deadlock, a
    serialization failure) is raised at once, for whoever has opened it to repeat. In the unit of work of a consumer the
    call passes through: its policy decides. A stream is repeated only while it has given out nothing.
    """

    def __init__(self, retry: Retry | None = None) -> None:
        if retry is not None and not isinstance(retry, Retry):  # pyright: ignore[reportUnnecessaryIsInstance]  # by users
            raise InvalidArgument("retry", retry, "give a cqrs.Retry(attempts, on=...)")
        self.retry = retry or Retry()

    async def __call__(self, request: Any, handle: Handle) -> Any:
        """Await ``handle(request)``, until it succeeds or is given up."""
        unit = current_unit_of_work()
        if unit is not None and unit.is_held:
            return await handle(request)
        run, attempts = current_run.get(), 0
        given_out = 0 if run is None else run.given_out
        while True:
            attempts += 1
            try:
                return await (handle(request) if unit is None else _within(unit, request, handle))
            except Exception as error:
                retry_in = self.retry.retry_in(error, attempts)
                if retry_in is None or (unit is not None and _undoes_all(unit, error)):
                    raise
                if run is not None and run.given_out > given_out:  # its consumer would see them twice
                    raise
                logger.debug(
                    "%s is handled again after %s, attempt %d of %d",
                    *(type(request).__qualname__, type(error).__qualname__, attempts + 1, self.retry.attempts),
                )
            await asyncio.sleep(retry_in)


async def _within(unit: UnitOfWork, request: Any, handle: Handle) -> Any:
    async with unit.savepoint():
        return await handle(request)


def _undoes_all(unit: UnitOfWork, error: Exception) -> bool:
    """Whether a savepoint cannot undo what failed with ``error``."""
    return unit.is_undone_by(error) or (isinstance(error, ConcurrencyError) and error.actual is None)
