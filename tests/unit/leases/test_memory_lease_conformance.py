from __future__ import annotations

import time

import pytest

from cqrs.leases import MemoryLeaseStore
from cqrs.testing.conformance.leases import LeaseStoreConformance


class MemoryLeases:
    """One store for everybody, with a clock that can be put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._store = MemoryLeaseStore(lambda: time.monotonic() + self._ahead)

    def store(self) -> MemoryLeaseStore:
        return self._store

    async def pass_time(self, seconds: float) -> None:
        self._ahead += seconds

    def statements(self) -> int:
        return 0


class TestMemoryLeaseStore(LeaseStoreConformance):
    @pytest.fixture
    def backend(self) -> MemoryLeases:
        return MemoryLeases()
