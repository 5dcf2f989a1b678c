"""Step 2: repeats a turn that failed and has changed nothing."""

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
    """Handles a request again if it failed with a ``ConcurrencyError`` or another error that ``retry`` names.

    Place it before the ``TransactionMiddleware``, which ``database=`` adds as the innermost: then each attempt has a
    transaction of its own, and ``db.session`` always leads to the session of the current attempt.

    Within an open unit of work each attempt is a savepoint. Errors that undo the whole transaction (a deadlock, a
    serialization failure) are raised at once, so that the code that opened it can repeat it. Within the unit of work
    of a consumer nothing is repeated here: the policy of the consumer decides. A stream is repeated only as long as no
    chunk was handed over.
    """

    def __init__(self, retry: Retry | None = None) -> None:
        if retry is not None and not isinstance(retry, Retry):  # pyright: ignore[reportUnnecessaryIsInstance]  # by users
            raise InvalidArgument("retry", retry, "give a cqrs.Retry(attempts, on=...)")
        self.retry = retry or Retry()

    async def __call__(self, request: Any, handle: Handle) -> Any:
        """Await ``handle(request)`` until it succeeds or no attempt is left."""
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
                if run is not None and run.given_out > given_out:  # the consumer would get these chunks twice
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
    """Whether ``error`` means that the whole transaction is undone, so that repeating the savepoint is useless."""
    return unit.is_undone_by(error) or (isinstance(error, ConcurrencyError) and error.actual is None)
