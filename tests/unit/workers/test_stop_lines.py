"""A worker logs that its end has begun, what it still finishes, and that it has stopped: each once."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance.relay import QUICK, InOrderBroker
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until
from tests.unit.inbox.stand import Numbered, Stand
from tests.unit.workers.test_outbox_relay import Outbox
from tests.unit.workers.test_service import Broken, Idle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope


def ends(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = [record.getMessage() for record in caplog.records if record.name == "cqrs"]
    return [text for text in said if re.search(" stops| has stopped| was cancelled", text)]


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cqrs")


async def test_a_stopped_consumer_logs_how_many_messages_it_finishes(caplog: pytest.LogCaptureFixture) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def handle(_: Numbered) -> None:
        began.set()
        await may_end.wait()

    stand = Stand()
    stand.handle = handle  # type: ignore[method-assign]
    stand.bind()
    await stand.send(1, 2, 3)
    async with stand.running() as consumer:
        await began.wait()
        stops = [asyncio.create_task(consumer.stop()) for _ in range(2)]
        await until(lambda: bool(ends(caplog)))
        assert ends(caplog) == [f"{consumer} stops, finishes 3 messages"]
        may_end.set()
        await asyncio.gather(*stops)
    assert ends(caplog) == [f"{consumer} stops, finishes 3 messages", f"{consumer} has stopped"]


async def test_a_stopped_relay_logs_how_many_messages_it_finishes(caplog: pytest.LogCaptureFixture) -> None:
    class Slow(InOrderBroker):
        began, may_end = asyncio.Event(), asyncio.Event()

        async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
            self.began.set()
            await self.may_end.wait()
            return await super().send(envelopes)

    broker, outbox = Slow({}), Outbox()
    await outbox.fill(1)
    async with OutboxRelay(outbox, broker, QUICK) as relay:
        await broker.began.wait()
        stop = asyncio.create_task(relay.stop())
        await until(lambda: bool(ends(caplog)))
        broker.may_end.set()
        await stop
    assert ends(caplog) == [f"{relay} stops, finishes 1 message", f"{relay} has stopped"]


async def test_a_worker_with_nothing_in_hand_just_stops(caplog: pytest.LogCaptureFixture) -> None:
    service = Idle()
    async with service:
        await service.started()
    await service.stop()
    assert ends(caplog) == ["Idle stops", "Idle has stopped"]


async def test_a_cancelled_worker_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    service = Idle()
    service.may_end.clear()
    await service.start()
    await service.started()
    stop = asyncio.create_task(service.stop())
    await asyncio.sleep(0)
    stop.cancel()
    await asyncio.wait([stop])
    await until(lambda: not service.is_running)
    await asyncio.sleep(0)
    assert ends(caplog) == ["Idle stops", "Idle was cancelled"]


async def test_a_worker_that_an_error_has_ended_does_not_say_that_it_has_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(LookupError):
        await Broken().run()
    assert [record.getMessage() for record in caplog.records] == ["Broken has ended: LookupError('nothing there')"]
