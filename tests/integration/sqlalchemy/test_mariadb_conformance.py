from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance.outbox import OutboxConformance
from cqrs.testing.conformance.relay import RelayConformance
from cqrs.testing.conformance.unit_of_work import UnitOfWorkConformance

if TYPE_CHECKING:
    from tests.integration.sqlalchemy.backends import SqlBackend


class TestMariaDbUnitOfWork(UnitOfWorkConformance):
    @pytest.fixture
    def backend(self, mariadb_backend: SqlBackend) -> SqlBackend:
        return mariadb_backend


class TestMariaDbOutbox(OutboxConformance):
    @pytest.fixture
    def backend(self, mariadb_backend: SqlBackend) -> SqlBackend:
        return mariadb_backend


class TestMariaDbRelay(RelayConformance):
    @pytest.fixture
    def backend(self, mariadb_backend: SqlBackend) -> SqlBackend:
        return mariadb_backend
