from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance.outbox import OutboxConformance
from cqrs.testing.conformance.relay import RelayConformance
from cqrs.testing.conformance.unit_of_work import UnitOfWorkConformance

if TYPE_CHECKING:
    from tests.integration.sqlalchemy.backends import SqlBackend


class TestPostgresUnitOfWork(UnitOfWorkConformance):
    @pytest.fixture
    def backend(self, postgres_backend: SqlBackend) -> SqlBackend:
        return postgres_backend


class TestPostgresOutbox(OutboxConformance):
    @pytest.fixture
    def backend(self, postgres_backend: SqlBackend) -> SqlBackend:
        return postgres_backend


class TestPostgresRelay(RelayConformance):
    @pytest.fixture
    def backend(self, postgres_backend: SqlBackend) -> SqlBackend:
        return postgres_backend
