from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

import cqrs
from cqrs.errors import WakeUpsUnsupported
from cqrs.events.registry import EventRegistry
from cqrs.outbox import MemoryOutbox, MemoryOutboxedEventRepository
from cqrs.outbox.sqlalchemy.model import outbox_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

LATE, SOON = 60.0, 0.001

REGISTRY = EventRegistry()
REGISTRY.register(cqrs.NotificationEvent, "told")


@pytest.fixture(params=["memory", "sqlite"])
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[[], Any]]:
    """Makes repositories over one outbox."""
    if request.param == "memory":
        store = MemoryOutbox()
        yield lambda: MemoryOutboxedEventRepository(store=store, registry=REGISTRY)
        return
    engines = [create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/test.db") for _ in range(2)]
    async with engines[0].begin() as connection:
        await connection.run_sync(outbox_model("outbox").metadata.create_all)
    made = iter(engines)
    yield lambda: cqrs.SqlAlchemyOutboxedEventRepository(async_sessionmaker(next(made)), registry=REGISTRY)
    for engine in engines:
        await engine.dispose()


async def test_a_commit_wakes_each_waiter_of_this_process(another: Callable[[], Any]) -> None:
    outbox, wakeups = another(), another().wakeups()
    async with outbox as session:
        outbox.add(session, cqrs.NotificationEvent(event_name="told", payload=1))
        assert not await wakeups.wait(SOON)
        await outbox.commit(session)
    assert await wakeups.wait(LATE)
    assert not await wakeups.wait(SOON)


async def test_rolled_back_messages_wake_no_relay(another: Callable[[], Any]) -> None:
    outbox, wakeups = another(), another().wakeups()
    async with outbox as session:
        outbox.add(session, cqrs.NotificationEvent(event_name="told", payload=1))
        await outbox.rollback(session)
    assert not await wakeups.wait(SOON)


async def test_only_memory_has_no_other_processes(another: Callable[[], Any]) -> None:
    outbox = another()
    assert outbox.wakeups().healthy == isinstance(outbox, MemoryOutboxedEventRepository)


async def test_polling_works_with_each_and_what_needs_postgresql_with_none(another: Callable[[], Any]) -> None:
    outbox = another()
    assert not await outbox.wakeups("poll").wait(0)
    with pytest.raises(WakeUpsUnsupported, match="notify"):
        outbox.wakeups("notify")
    with pytest.raises(WakeUpsUnsupported, match="'log': wake-ups from the log were removed, so leave wake_up out"):
        outbox.wakeups("log")


def test_an_import_of_the_removed_wakeups_says_what_to_use() -> None:
    removed = importlib.import_module("cqrs.outbox.log_tailing")
    with pytest.raises(ImportError, match="pass 'notify'"):
        _ = removed.LogWakeUps
