from __future__ import annotations

import pytest

from cqrs.inbox import MemoryInbox, MemoryInboxRepository
from cqrs.testing.conformance.inbox import InboxConformance
from cqrs.unit_of_work.memory import MemoryUnitOfWork


class MemoryBackend:
    def __init__(self) -> None:
        self._store = MemoryInbox()

    def inbox(self) -> MemoryInboxRepository:
        return MemoryInboxRepository(store=self._store)

    def unit_of_work(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork()


class TestMemoryInbox(InboxConformance):
    @pytest.fixture
    def backend(self) -> MemoryBackend:
        return MemoryBackend()
