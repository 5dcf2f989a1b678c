"""An outage of the database is logged once, by the relay, although relay and leases both meet it."""

from __future__ import annotations

import dataclasses
import logging
import re
from typing import TYPE_CHECKING, Any

from cqrs.leases.memory import MemoryLeaseStore
from cqrs.testing.conformance.relay import QUICK, InOrderBroker
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until
from tests.unit.workers.test_outbox_relay import Hiccups, Outbox

if TYPE_CHECKING:
    import pytest

AWAY = "waits for the database of Outbox: ConnectionError('away')"


async def test_leases_that_are_away_are_logged_once_after_the_start_and_so_is_their_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, failures = MemoryLeaseStore.keep, [ConnectionError("away") for _ in range(3)]

    async def fail(store: MemoryLeaseStore, *arguments: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return await keep(store, *arguments, **options)

    monkeypatch.setattr(MemoryLeaseStore, "keep", fail)
    outbox = Outbox()
    await outbox.fill(1)
    with caplog.at_level(logging.INFO, "cqrs"):
        async with OutboxRelay(outbox, InOrderBroker({}), dataclasses.replace(QUICK, lease=0.2), name="shop") as relay:
            await until(lambda: relay.sent == 1)
            name = relay.name
    starts, waits, goes_on, *_, stopped = [record.getMessage() for record in caplog.records]
    what = "the messages of outbox in a database in memory to InOrderBroker"
    assert starts.startswith(f"relay {name} starts to send {what}, with")
    assert waits == f"relay {name} {AWAY}"
    assert re.fullmatch(rf"relay {name} goes on after \d failed .* s: the database of Outbox is there again", goes_on)
    assert stopped == f"relay {name} has stopped"


async def test_a_database_that_is_away_is_logged_once_by_the_relay_and_its_leases(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = Outbox(Hiccups)
    queue: Any = outbox.queue()
    async with OutboxRelay(outbox, InOrderBroker({}), dataclasses.replace(QUICK, lease=0.2)) as relay:
        await relay.started()
        asked: list[None] = []

        async def away(*_: Any, **__: Any) -> Any:
            asked.append(None)
            raise ConnectionError("away")

        with monkeypatch.context() as patch:
            patch.setattr(MemoryLeaseStore, "keep", away)
            queue.errors += [ConnectionError("away")] * 3
            await until(lambda: len(asked) > 3 and not queue.errors)
        await outbox.fill(1)
        await until(lambda: relay.sent == 1)
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == f"{relay} {AWAY}"
    assert not [text for text in said if "waits for" not in text and "goes on" not in text]


async def test_an_error_that_is_no_outage_is_not_logged_as_one(caplog: pytest.LogCaptureFixture) -> None:
    outbox = Outbox(Hiccups)
    queue: Any = outbox.queue()
    queue.errors.append(KeyError("no such setting"))
    await outbox.fill(1)
    async with OutboxRelay(outbox, InOrderBroker({}), QUICK) as relay:
        await until(lambda: relay.sent == 1)
    failed, goes_on = [record.getMessage() for record in caplog.records]
    assert failed == f"{relay} failed and tries again: KeyError('no such setting')"
    assert goes_on.startswith(f"{relay} goes on after 1 failed attempt")
