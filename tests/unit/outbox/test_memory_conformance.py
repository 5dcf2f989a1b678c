from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cqrs.outbox import MemoryOutbox, MemoryOutboxedEventRepository
from cqrs.testing.conformance.outbox import OutboxConformance
from cqrs.testing.conformance.relay import RelayConformance
from cqrs.testing.conformance.unit_of_work import UnitOfWorkConformance
from cqrs.unit_of_work.memory import MemoryUnitOfWork

if TYPE_CHECKING:
    from cqrs.unit_of_work import UnitOfWork


class MemoryBackend:
    concurrent_writers = True

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._store = MemoryOutbox()

    def unit_of_work(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork()

    async def write(self, unit: UnitOfWork, number: int) -> None:
        unit.session.enlist(lambda: self._numbers.append(number))

    async def written(self) -> list[int]:
        return sorted(self._numbers)

    async def break_commit(self, unit: UnitOfWork) -> None:
        def fail() -> None:
            raise ConnectionError("the memory is gone")

        unit.session.enlist(lambda: None, check=fail)

    def repository(self, compressor: Any = None, **options: Any) -> MemoryOutboxedEventRepository:
        return MemoryOutboxedEventRepository(compressor, store=self._store, **options)


@pytest.fixture
def memory() -> MemoryBackend:
    return MemoryBackend()


class TestMemoryUnitOfWork(UnitOfWorkConformance):
    @pytest.fixture
    def backend(self, memory: MemoryBackend) -> MemoryBackend:
        return memory


class TestMemoryOutbox(OutboxConformance):
    @pytest.fixture
    def backend(self, memory: MemoryBackend) -> MemoryBackend:
        return memory


class TestMemoryRelay(RelayConformance):
    @pytest.fixture
    def backend(self, memory: MemoryBackend) -> MemoryBackend:
        return memory
