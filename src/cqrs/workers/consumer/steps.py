"""The transactions of a consumer: handle, park, replay and clean."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from typing import TYPE_CHECKING

from cqrs._failpoints import reached
from cqrs._logging.texts import describe_database, describe_error, raised_at, with_loggable_traceback
from cqrs._text import shown
from cqrs.errors.root import CQRSError
from cqrs.errors.transactions import AfterCommitError, UnitOfWorkStateError
from cqrs.workers.consumer.policy import ConsumerVerdict
from cqrs.workers.consumer.transactions import make_unit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.envelope import Envelope
    from cqrs.inbox.parked import TakenSequence
    from cqrs.inbox.repository import InboxRepository
    from cqrs.unit_of_work.protocol import UnitOfWork
    from cqrs.workers.consumer.policy import ConsumerPolicy
    from cqrs.workers.consumer.transactions import OpenUnit

logger = logging.getLogger("cqrs")

_BEHIND = "; later messages of its key wait behind it"


class Outage(Exception):
    """``missing`` is away: do the same again later. ``__cause__`` is the reason. Never raised out of the worker."""

    def __init__(self, missing: str) -> None:
        self.missing = missing
        super().__init__(missing)


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """Why a transaction was rolled back. ``at``: the message that was being handled, ``None`` if all had been."""

    at: Envelope | None
    error: Exception
    verdict: ConsumerVerdict


class Steps:
    """The transactions of a consumer. Each takes effect as a whole, or not at all; then it raises or returns why."""

    def __init__(
        self,
        consumer: str,
        inbox: InboxRepository,
        unit_of_work: OpenUnit,
        handle: Callable[[Envelope], Awaitable[None]],
        policy: ConsumerPolicy,
    ) -> None:
        self.database = describe_database(inbox)
        self._consumer = consumer
        self._inbox = inbox
        self._unit_of_work = unit_of_work
        self._handle = handle
        self._policy = policy
        self._replay_limit = policy.batch_size

    async def handle(self, envelopes: Sequence[Envelope]) -> Failed | None:
        """Handle those of ``envelopes`` that have not taken effect yet, together. Raises :class:`Outage`."""
        at: Envelope | None = None
        accepted = False
        try:
            async with await self._unit() as unit:
                new = await self._inbox.accept(self._consumer, envelopes)
                accepted = True
                reached("inbox.inserted")
                with unit.held(whole_batch=len(new) > 1):
                    for at in new:
                        await self._handle(at)
                        if unit.is_doomed:  # this message has caught an error of the database
                            break
                at = None
                reached("inbox.handled")
            reached("inbox.committed")
        except AfterCommitError as error:
            self._committed(error)
        except Exception as error:
            if accepted:
                return self._failed(at, error)
            _raise_wrong_use(error)
            raise Outage(self.database) from error
        return None

    async def park(self, envelope: Envelope, failed: Failed) -> None:
        """Park a message that could not be handled, or skip it if that is the verdict. Raises :class:`Outage`."""
        retry_in = self._policy.retry_in(1)
        try:
            async with await self._unit():
                if failed.verdict is ConsumerVerdict.SKIP:
                    await self._inbox.accept(self._consumer, [envelope])
                else:
                    await self._inbox.park(self._consumer, envelope, failed.error, retry_in)
                reached("inbox.parked")
            reached("inbox.parking_committed")
        except Exception as error:
            raise Outage(self.database) from error
        self._log(failed, envelope, "has parked", 0, retry_in)

    async def replay(self) -> bool:
        """Handle the first messages of one parked sequence again; ``False`` if none is due. Raises :class:`Outage`."""
        taken: TakenSequence | None = None
        at: Envelope | None = None
        try:
            async with await self._unit() as unit:
                taken = await self._inbox.take(self._consumer, self._replay_limit)
                if taken is None:
                    return False
                reached("inbox.replay_taken")
                with unit.held(whole_batch=len(taken.messages) > 1):
                    for _, at in taken.messages:
                        await self._handle(at)
                        if unit.is_doomed:
                            break
                at = None
                await self._inbox.settle(taken, len(taken.messages))
                reached("inbox.replay_settled")
            reached("inbox.replay_committed")
        except AfterCommitError as error:
            self._committed(error)
        except Exception as error:
            if taken is None:
                _raise_wrong_use(error)
                raise Outage(self.database) from error
            await self._failed_again(taken, self._failed(at, error))
            return True
        self._replay_limit = self._policy.batch_size
        return True

    async def clean(self) -> bool:
        """Remove some old marks; returns whether there may be more. Raises :class:`Outage`."""
        if self._policy.retention is None:
            return False
        limit = 1000
        try:
            return await self._inbox.clean(self._consumer, self._policy.retention, limit) == limit
        except Exception as error:
            raise Outage(self.database) from error

    async def _failed_again(self, taken: TakenSequence, failed: Failed) -> None:
        envelopes = [envelope for _, envelope in taken.messages]
        place = next((n for n, envelope in enumerate(envelopes) if envelope is failed.at), None)
        if len(envelopes) > 1 and place != 0:
            self._replay_limit = place or 1  # the messages before the failed one, which comes first the next time
            return
        self._replay_limit = self._policy.batch_size
        retry_in = self._policy.retry_in(taken.attempts + 1)
        try:
            async with await self._unit():
                if failed.verdict is ConsumerVerdict.SKIP:
                    first = await self._inbox.take(self._consumer, 1)
                    if first is not None and first.messages[0][0] == taken.messages[0][0]:
                        await self._inbox.settle(first, 1)
                else:
                    await self._inbox.postpone(taken, failed.error, retry_in)
                reached("inbox.postponed")
        except Exception as error:
            raise Outage(self.database) from error
        self._log(failed, envelopes[0], "cannot handle the parked", taken.attempts, retry_in)

    def _failed(self, at: Envelope | None, error: Exception) -> Failed:
        found = self._policy.classify(error)
        if found is ConsumerVerdict.OUTAGE:
            raise Outage("what its handlers need") from error
        return Failed(at, error, found)

    async def _unit(self) -> UnitOfWork:
        try:
            return await make_unit(self._unit_of_work, self._consumer)
        except UnitOfWorkStateError as error:
            cause = error.__cause__
            if isinstance(cause, Exception) and self._policy.classify(cause) is ConsumerVerdict.OUTAGE:
                raise cause from None
            raise

    def _committed(self, error: AfterCommitError) -> None:
        text = "consumer %s has committed a batch, but a step after the commit has failed: %s"
        logger.error(text, self._consumer, describe_error(error), exc_info=with_loggable_traceback(error))

    def _log(self, failed: Failed, envelope: Envelope, has: str, tried: int, retry_in: float | None) -> None:
        error = failed.error
        is_skipped = failed.verdict is ConsumerVerdict.SKIP
        unread = failed.verdict is ConsumerVerdict.POISON and isinstance(error, CQRSError)
        details = None if unread else with_loggable_traceback(error)
        logger.error(
            "consumer %s %s %s %s of the topic %s%s: %s%s",
            *(self._consumer, "has skipped" if is_skipped else has),
            *(shown(envelope.name), envelope.message_id, shown(envelope.topic)),
            "" if is_skipped else f" ({self._what_next(tried, retry_in)}{'' if envelope.key is None else _BEHIND})",
            *(describe_error(error), "" if unread or details is not None else raised_at(error)),
            exc_info=details,
        )

    def _what_next(self, tried: int, retry_in: float | None) -> str:
        """What will happen to a message that has failed, and was ``tried`` so often since it was parked."""
        if retry_in is None:
            return f"given up after {tried} more tries, replay or drop it" if tried else "replay or drop it"
        at = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=retry_in)).isoformat(" ", "seconds")
        so_far = f"tried {tried} of {self._policy.parked_retries} times, next attempt" if tried else "next attempt"
        return f"{so_far} at {at}"


def _raise_wrong_use(error: Exception) -> None:
    """Raise an error that waiting does not help: an inbox that does not fit the unit of work."""
    if isinstance(error, UnitOfWorkStateError):
        raise error
