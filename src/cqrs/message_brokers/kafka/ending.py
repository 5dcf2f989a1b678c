"""Close Kafka clients during an outage, which the driver does not support."""

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
    """Disconnect ``producer`` and discard unconfirmed messages, for which its ``stop`` would wait."""
    sender = producer._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
    await producer.client.close()
    while sender is not None and not sender.done():
        await asyncio.wait([sender], timeout=0.5)
        sender.cancel()  # its requests may wait for ever
    _fail_all(producer._message_accumulator)  # noqa: SLF001
    with contextlib.suppress(KafkaError, asyncio.CancelledError):
        await producer.stop()


def _fail_all(accumulator: Any) -> None:
    queued = [batch for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    # `fail_all` fails the pending batches, and a batch that is to be sent again is not among them.
    accumulator._pending_batches.update(queued)  # noqa: SLF001
    accumulator.fail_all(KafkaError("abandoned"))
    for batch in queued:
        mark_retrieved(batch._drain_waiter)  # noqa: SLF001  # it fails as well, and no task awaits it


def close_connections_of(error: BaseException) -> None:
    """Close the connections in the traceback of ``error``: a driver that is cancelled while it connects leaks them."""
    for one in chain(error, cause_or_context):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            for value in list(frame.f_locals.values()):
                if isinstance(value, Connection):
                    value.close()


@contextlib.contextmanager
def driver_cancellations_as_errors() -> Generator[None]:
    """Raise ``KafkaError`` if the driver cancels the current task, which the caller did not ask for."""
    try:
        yield
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise KafkaError("the driver has ended its own membership") from error


def mark_retrieved(future: asyncio.Future[Any]) -> None:
    """Retrieve the exception of ``future``, so that the event loop does not log it as never retrieved."""
    if future.done() and not future.cancelled():
        future.exception()


async def stop(consumer: Any, seconds: float, *, lost: bool = False) -> None:
    """Stop ``consumer`` within ``seconds``, also during an outage. If it is ``lost``, it does not leave its group."""
    if lost and consumer._coordinator is not None:  # noqa: SLF001
        consumer._coordinator.reset_generation()  # noqa: SLF001  # without a generation it sends no request to leave
    try:
        async with asyncio.timeout(seconds):
            await consumer.stop()
    except (KafkaError, OSError):
        pass
    except asyncio.CancelledError:
        # The driver cancels its requests, and a request that waits to be retried raises that in `stop`.
        if is_cancelled():
            raise
    finally:
        fetcher = consumer._fetcher  # noqa: SLF001
        await cancel_and_wait(() if fetcher is None else fetcher._pending_tasks)  # noqa: SLF001
        await consumer._client.close()  # noqa: SLF001
