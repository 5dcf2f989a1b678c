"""How far a member has got, and a cluster that does not want to know."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition, errors

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.kafka.progress import Progress
from cqrs.message_brokers.kafka.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


class Cluster:
    """Takes offsets, or raises the error that is set; ``meanwhile`` happens while a commit is awaited."""

    def __init__(self, *errors: Exception, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.commits: list[dict[TopicPartition, int]] = []
        self.errors = list(errors)
        self.meanwhile = meanwhile

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.commits.append(offsets)
        await asyncio.sleep(0)
        self.meanwhile()
        if self.errors:
            raise self.errors.pop(0)


def done(count: int) -> Window:
    """A partition of which so many records are done."""
    window = Window()
    records: list[Any] = [ConsumerRecord("t", 0, n, 0, 0, None, b"", 0, 0, 0, ()) for n in range(count)]
    window.add(records)
    for item in window.ready(count, 0):
        window.deliver([item])
        window.ack(item)
    return window


def progress(interval: float = 60.0) -> Progress:
    return Progress("Kafka at here", "g", interval, timeout=5)


async def test_a_partition_that_is_released_while_a_commit_is_awaited_ends_nothing() -> None:
    windows = {FIRST: done(3), SECOND: done(5)}
    cluster = Cluster(meanwhile=windows.clear)
    assert await progress().commit(cluster, windows)
    assert cluster.commits == [{FIRST: 3, SECOND: 5}]


async def test_progress_during_a_commit_is_committed_by_the_next_one() -> None:
    window = done(1)

    def more() -> None:
        window.position = 2

    cluster = Cluster(meanwhile=more)
    kept = progress()
    await kept.commit(cluster, {FIRST: window})
    cluster.meanwhile = lambda: None
    await kept.commit(cluster, {FIRST: window})
    await kept.commit(cluster, {FIRST: window})
    assert cluster.commits == [{FIRST: 1}, {FIRST: 2}]


async def test_a_refused_commit_is_tried_again_after_the_interval_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = errors.CommitFailedError("others have it")
    cluster = Cluster(refused, refused, errors.GroupAuthorizationFailedError())
    kept, windows = progress(), {FIRST: done(1)}
    assert kept.is_due()
    await kept.commit(cluster, windows)
    assert not kept.is_due()
    assert not kept.is_due(soon=True)
    await kept.commit(cluster, windows)
    await kept.commit(cluster, windows)
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning == (
        "Kafka at here refuses the offsets of the group 'g' (CommitFailedError: the partitions were shared out anew): "
        "handled messages may be delivered again after a restart; it retries every 60 s"
    )
    await kept.commit(cluster, windows)
    assert (
        caplog.records[-1].getMessage() == "Kafka at here accepts the offsets of the group 'g' again, after 3 refusals"
    )
    assert kept.is_due(soon=True)
    assert progress(interval=0).is_due()


async def test_a_cancellation_that_comes_from_the_driver_is_no_cancellation_of_the_caller() -> None:
    ended = asyncio.get_running_loop().create_future()
    ended.cancel()

    class Ending(Cluster):
        async def commit(self, offsets: dict[TopicPartition, int]) -> None:
            await ended

    kept, windows = progress(), {FIRST: done(1)}
    assert await kept.commit(Ending(), windows)  # a refusal
    assert not kept.is_due(soon=True)


@pytest.mark.parametrize("error", [ConnectionError("gone"), errors.RequestTimedOutError(), TimeoutError()])
async def test_a_cluster_that_does_not_answer_is_an_outage_and_is_not_asked_at_once(error: Exception) -> None:
    kept, windows = progress(), {FIRST: done(1)}
    with pytest.raises(BrokerUnavailable, match="Kafka at here"):
        await kept.commit(Cluster(error), windows)
    assert not kept.is_due(soon=True)
    cluster = Cluster()
    await kept.commit(cluster, windows)
    assert cluster.commits == [{FIRST: 1}]
