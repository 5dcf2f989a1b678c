"""Two databases on one container: each has a session type of its own, or none is injected."""

from __future__ import annotations

from typing import Any

import di
import pytest
from dependency_injector import containers, providers
from di.dependent import Dependent
from dishka import Provider, Scope, make_async_container
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

import cqrs
from cqrs.errors import OtherDatabase, WiringError
from cqrs.requests.bootstrap import bootstrap
from tests.integration.container.session_wirings import Databases, Order, Place, place


class BillingSession(AsyncSession):
    pass


async def bill(_: Place, session: BillingSession) -> None:
    session.add(Order())


def resolver(db: cqrs.Database, billing: cqrs.Database[Any]) -> Any:
    container = cqrs.Resolver()
    container.bind_instance(AsyncSession, db.session)
    container.bind_instance(BillingSession, billing.session)
    return container


def dishka(db: cqrs.Database, billing: cqrs.Database[Any]) -> Any:
    provider = Provider()
    provider.provide(lambda: db.session, provides=AsyncSession, scope=Scope.APP)
    provider.provide(lambda: billing.session, provides=BillingSession, scope=Scope.APP)
    return make_async_container(provider)


def of_di(db: cqrs.Database, billing: cqrs.Database[Any]) -> Any:
    container = di.Container()
    container.bind(di.bind_by_type(Dependent(lambda: db.session, scope="singleton"), AsyncSession))
    container.bind(di.bind_by_type(Dependent(lambda: billing.session, scope="singleton"), BillingSession))
    return container


def dependency_injector(db: cqrs.Database, billing: cqrs.Database[Any]) -> Any:
    container = containers.DynamicContainer()
    container.session = providers.Object(db.session)
    container.billing_session = providers.Object(billing.session)
    return container


@pytest.fixture
def billing(given: Databases) -> cqrs.Database[BillingSession]:
    return cqrs.Database(async_sessionmaker(given.other.engine, class_=BillingSession))


@pytest.mark.parametrize("wire", [resolver, dishka, of_di, dependency_injector])
@pytest.mark.parametrize("billing_first", [False, True])
async def test_each_mediator_writes_in_its_own_database(
    given: Databases, billing: cqrs.Database[Any], wire: Any, *, billing_first: bool
) -> None:
    container = wire(given.db, billing)

    def shop() -> cqrs.RequestMediator:
        return bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, place))

    def office() -> cqrs.RequestMediator:
        return bootstrap(container, database=billing, commands_mapper=lambda m: m.bind(Place, bill))

    first, second = (office, shop) if billing_first else (shop, office)
    for mediator in (first(), second(), shop()):
        await mediator.send(Place())
    assert (await given.count(), await given.count(other=True)) == (2, 1)


async def test_second_database_finds_the_session_of_the_first_and_is_refused(given: Databases) -> None:
    container = cqrs.Resolver()
    bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, place))
    with pytest.raises(WiringError) as refused:
        bootstrap(container, database=given.other, commands_mapper=lambda m: m.bind(Place, place))
    (found,) = refused.value.problems
    assert found.subject == "place → Orders → AsyncSession"
    assert "another bootstrap with a database=, has bound the session of sqlite" in found.problem
    assert "first.db: the transactions of this mediator are those of" in found.problem
    assert found.problem.endswith("second.db")
    assert "`container.bind_instance(BillingSession, billing.session)`" in found.remedy
    assert "`async with billing.transaction() as session:`" in found.remedy


async def test_handler_may_write_in_the_second_database_in_a_transaction_of_that(
    given: Databases, billing: cqrs.Database[Any]
) -> None:
    async def both(_: Place, session: AsyncSession) -> None:
        session.add(Order())
        async with billing.transaction() as other:
            other.add(Order())

    container = cqrs.Resolver()
    bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, both))
    mediator = bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, both))
    await mediator.send(Place())
    assert (await given.count(), await given.count(other=True)) == (1, 1)


async def test_session_of_another_type_may_be_injected_and_raises_outside_of_its_transaction(
    given: Databases, billing: cqrs.Database[Any]
) -> None:
    async def both(_: Place, session: AsyncSession, other: BillingSession) -> None:
        session.add(Order())
        async with billing.transaction():
            other.add(Order())

    async def without(_: Place, other: BillingSession) -> None:
        other.add(Order())

    container = resolver(given.db, billing)
    await bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, both)).send(Place())
    assert (await given.count(), await given.count(other=True)) == (1, 1)
    with pytest.raises(OtherDatabase):
        await bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, without)).send(Place())
    assert (await given.count(), await given.count(other=True)) == (1, 1)
