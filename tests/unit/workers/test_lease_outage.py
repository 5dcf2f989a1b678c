"""A store of leases that is away is told of once, and so is its return."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from cqrs.leases.memory import MemoryLeaseStore
from cqrs.workers.leases import LeaseHolder

if TYPE_CHECKING:
    import pytest


class Away(MemoryLeaseStore):
    """Does not answer the next ``failures`` questions."""

    failures = 3

    async def keep(self, *arguments: Any, **options: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("away")
        return await super().keep(*arguments, **options)


async def test_an_outage_of_the_leases_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "cqrs"):
        async with LeaseHolder(Away(), "scope", count=2, ttl=0.2, name="me") as holder, asyncio.timeout(60):
            while not holder.holds_any:  # noqa: ASYNC110  # that is what it is asked for
                await asyncio.sleep(0.01)
    began, ended = [record.getMessage() for record in caplog.records]
    assert began == f"{holder.owner} cannot renew what it holds of scope: ConnectionError('away')"
    assert ended.startswith(f"{holder.owner} goes on after 3 failed attempts")
