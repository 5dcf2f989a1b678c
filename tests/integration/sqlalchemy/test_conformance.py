from __future__ import annotations

from cqrs.testing.conformance.outbox import OutboxConformance
from cqrs.testing.conformance.relay import RelayConformance
from cqrs.testing.conformance.unit_of_work import UnitOfWorkConformance
from tests.helpers.databases import OnEachDatabase


class TestUnitOfWork(OnEachDatabase, UnitOfWorkConformance):
    pass


class TestOutbox(OnEachDatabase, OutboxConformance):
    pass


class TestRelay(OnEachDatabase, RelayConformance):
    pass
