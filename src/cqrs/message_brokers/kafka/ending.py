"""Steps 5 and 6, the end of a client of Kafka during an outage, for which the driver has no word."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from typing import TYPE_CHECKING, Any

from cqrs._tasks.cancellation import cancel_and_wait, is_cancelled
from cqrs.errors.chain import cause_or_context, chain
from cqrs.message_brokers.kafka.driver import Connection, KafkaError

if TYPE_CHECKING:
    from collections.abc import Generator


async def abandon(producer: Any) -> None:
    """Disconnect and throw away what was not confirmed: ``stop`` would wait for it."""
    sender = producer._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
    await producer.client.close()
    while sender is not None and not sender.done():
        await asyncio.wait([sender], timeout=0.5)
        sender.cancel()  # it waits for requests that may wait for ever
    _fail_all(producer._message_accumulator)  # noqa: SLF001
    with contextlib.suppress(KafkaError, asyncio.CancelledError):
        await producer.stop()


def _fail_all(accumulator: Any) -> None:
    queued = [batch for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    # When a batch ends, the driver takes it out of the pending ones, but one that was to be repeated is not there.
    accumulator._pending_batches.update(queued)  # noqa: SLF001
    accumulator.fail_all(KafkaError("abandoned"))
    for batch in queued:
        seen(batch._drain_waiter)  # noqa: SLF001  # it fails as well, and nobody waits for it


def hang_up(error: BaseException) -> None:
    """Close the connections on the way to ``error``: a driver that is cancelled while it connects forgets the first."""
    for one in chain(error, cause_or_context):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            for value in list(frame.f_locals.values()):
                if isinstance(value, Connection):
                    value.close()


@contextlib.contextmanager
def not_by_itself() -> Generator[None]:
    """A cancellation that the driver passes on from a task of its own, and nobody has asked for, is an error of it."""
    try:
        yield
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise KafkaError("the driver has ended its own membership") from error


def seen(future: asyncio.Future[Any]) -> None:
    """Whatever became of ``future`` has been looked at: the loop does not have to say that nobody has."""
    if future.done() and not future.cancelled():
        future.exception()


async def stop(consumer: Any, seconds: float, *, lost: bool = False) -> None:
    """Stop a consumer, as long as that takes in an outage. One that is ``lost`` takes no leave of its group."""
    if lost and consumer._coordinator is not None:  # noqa: SLF001
        consumer._coordinator.reset_generation()  # noqa: SLF001  # who is in no generation has nothing to say to it
    try:
        async with asyncio.timeout(seconds):
            await consumer.stop()
    except (KafkaError, OSError):
        pass
    except asyncio.CancelledError:
        # The driver cancels its requests, and one that waits to be repeated passes that on to who has called `stop`.
        if is_cancelled():
            raise
    finally:
        fetcher = consumer._fetcher  # noqa: SLF001
        await cancel_and_wait(() if fetcher is None else fetcher._pending_tasks)  # noqa: SLF001
        await consumer._client.close()  # noqa: SLF001
