"""Messages that are undone because no commit followed are logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cqrs
from cqrs.errors import InvalidArgument
from cqrs.events.registry import EventRegistry
from cqrs.outbox import MemoryOutboxedEventRepository

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def outbox() -> MemoryOutboxedEventRepository:
    registry = EventRegistry()
    registry.register(cqrs.NotificationEvent, "placed")
    return MemoryOutboxedEventRepository(registry=registry)


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    return lambda: [record.getMessage() for record in caplog.records if record.name == "cqrs"]


def placed() -> cqrs.NotificationEvent[int]:
    return cqrs.NotificationEvent[int](event_name="placed", payload=1)


async def test_a_forgotten_commit_is_logged(
    outbox: MemoryOutboxedEventRepository, warnings: Callable[[], list[str]]
) -> None:
    async with outbox as session:
        outbox.add(session, placed())
    assert await outbox.get_many() == []
    (told,) = warnings()
    assert told.startswith("1 message(s)")
    assert "outbox.commit(session)" in told


async def test_a_forgotten_commit_within_a_unit_of_work_is_logged(
    outbox: MemoryOutboxedEventRepository, warnings: Callable[[], list[str]]
) -> None:
    async with cqrs.MemoryUnitOfWork(), outbox:
        outbox.add(placed())
    assert await outbox.get_many() == []
    assert len(warnings()) == 1


async def test_messages_undone_on_purpose_are_not_reported(
    outbox: MemoryOutboxedEventRepository, warnings: Callable[[], list[str]]
) -> None:
    async with outbox as session:
        outbox.add(session, placed())
        await outbox.rollback(session)
    async with outbox as session:
        outbox.add(session, placed())
        await outbox.commit(session)
    async with outbox:
        pass
    with pytest.raises(LookupError):
        async with outbox as session:
            outbox.add(session, placed())
            raise LookupError
    assert warnings() == []


async def test_a_key_that_is_no_text_is_refused(outbox: MemoryOutboxedEventRepository) -> None:
    async with outbox as session:
        with pytest.raises(InvalidArgument, match=r"key .* is 7, .* write str\(...\)"):
            outbox.add(session, placed(), key=7)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
