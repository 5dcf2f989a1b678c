"""The statements that a consumer sends to PostgreSQL for a batch, as the engine counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from cqrs.workers.consumer.consumer import ConsumerPolicy
from cqrs.workers.consumer.steps import Steps
from tests.integration.inbox.service import ordered

if TYPE_CHECKING:
    from cqrs.envelope import Envelope
    from tests.integration.inbox.backends import Database

BRINGING_IN = ["INSERT", "SELECT", "COMMIT"]
"""The marks, and which keys have parked messages."""


@pytest.fixture
def told(postgres_database: Database) -> list[str]:
    """The first word of each statement, and each end of a transaction."""
    words: list[str] = []
    engine = postgres_database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: words.append(statement.split()[0]))
    event.listen(engine, "commit", lambda _connection: words.append("COMMIT"))
    event.listen(engine, "rollback", lambda _connection: words.append("ROLLBACK"))
    return words


@pytest.mark.parametrize("size", [1, 300])
async def test_a_batch_costs_two_statements_and_one_commit_whatever_its_size(
    postgres_database: Database, told: list[str], size: int
) -> None:
    handled: list[Envelope] = []

    async def handle(envelope: Envelope) -> None:
        handled.append(envelope)

    database = postgres_database
    steps = Steps("shipping", database.inbox(), database.unit_of_work, handle, ConsumerPolicy())

    async def bring_in(first: int) -> list[Envelope]:
        batch = [ordered(first + number, key=str(number)).to_envelope() for number in range(size)]
        assert await steps.handle(batch) is None
        return batch

    await bring_in(0)  # the first time, a connection sets itself up
    told.clear()
    again = await bring_in(size)
    assert told == BRINGING_IN
    told.clear()
    assert await steps.handle(again) is None
    assert len(handled) == 2 * size
    assert told == ["INSERT", "COMMIT"]  # nothing is new, so no key can be parked
