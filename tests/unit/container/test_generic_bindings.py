"""A generic class that is bound is made for each of its aliases, with what their arguments ask for."""

from __future__ import annotations

from typing import Any

import pytest

from cqrs.container.resolver import Resolver
from tests.helpers.generic_services import Order, OrderRepo, Repo, Service, User, UserRepo


@pytest.mark.parametrize("lifetime", ["transient", "request", "singleton"])
async def test_each_alias_of_a_bound_class_is_its_own(lifetime: Any) -> None:
    resolver = Resolver()
    resolver.bind(Repo[User], UserRepo)
    resolver.bind(Repo[Order], OrderRepo)
    resolver.bind(Service, lifetime=lifetime)
    async with resolver.scope() as scope:
        users, orders = await scope.resolve(Service[User]), await scope.resolve(Service[Order])
        again = await scope.resolve(Service[User])
    assert (type(users.repo), type(orders.repo)) == (UserRepo, OrderRepo)
    assert (again is users) == (lifetime != "transient")


async def test_singleton_of_an_alias_is_made_anew_when_its_class_is_bound_again() -> None:
    resolver = Resolver()
    resolver.bind(Service, lifetime="singleton")
    before = await resolver.resolve(Service[User])
    resolver.bind(Service, lifetime="singleton")
    assert await resolver.resolve(Service[User]) is not before
