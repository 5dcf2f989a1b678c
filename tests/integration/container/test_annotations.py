"""Each annotation means what it means where it was written, and what only routes fill in is refused."""
# ruff: noqa: B008 - it is what people write

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import di
import dishka
import pytest
from dependency_injector import containers
from fast_depends import Depends as OtherDepends
from fastapi import Depends

import cqrs
from cqrs.errors import WiringError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests import bootstrap
from tests.integration.container import fields_of_a_base


class Store:
    place = "here"


class Ask(cqrs.Request[str]):
    pass


class Happened(cqrs.DomainEvent):
    pass


@dataclass
class Service(fields_of_a_base.Service):
    own: Store


@dataclass
class Handler(fields_of_a_base.Base, cqrs.RequestHandler[Ask, str]):
    own: Store
    service: Service

    async def handle(self, request: Ask) -> str:
        del request
        places: tuple[Any, ...] = (self.store, self.only, self.own, self.service.store, self.service.own)
        return ", ".join(thing.place for thing in places)


class NoProviders(containers.DeclarativeContainer):
    pass


CONTAINERS = [cqrs.Resolver, di.Container, NoProviders, lambda: dishka.make_async_container(dishka.Provider())]
over_containers = pytest.mark.parametrize("container", CONTAINERS, ids=["resolver", "di", "injector", "dishka"])


@over_containers
async def test_inherited_field_means_what_its_module_means_by_it(container: Any) -> None:
    mediator = bootstrap.bootstrap(container(), commands_mapper=lambda m: m.bind(Ask, Handler))
    assert await mediator.send(Ask()) == "base, only in the base, here, base, here"


def get_store() -> Store:
    return Store()


async def function(request: Ask, store: Store = Depends(get_store)) -> str:
    return store.place


async def with_the_other(request: Ask, store: Any = OtherDepends(get_store)) -> str:
    return str(store.place)


class AsClass(cqrs.RequestHandler[Ask, str]):
    def __init__(self, store: Store = Depends(get_store)) -> None:
        self.store = store

    async def handle(self, request: Ask) -> str:
        return self.store.place


class Needy:
    def __init__(self, store: Store = Depends(get_store)) -> None:
        self.store = store


async def behind_a_service(request: Ask, needy: Needy) -> str:
    return needy.store.place


async def annotated(request: Ask, store: Annotated[Store, Depends(get_store)]) -> str:
    return store.place


async def annotated_with_the_other(request: Ask, store: Annotated[Store, OtherDepends(get_store)] | None) -> str:
    return str(store)


class Annotating(cqrs.RequestHandler[Ask, str]):
    def __init__(self, store: Annotated[Store, "said", Depends(get_store)]) -> None:
        self.store = store

    async def handle(self, request: Ask) -> str:
        return self.store.place


async def behind_an_annotation(request: Ask, needy: Annotating) -> str:
    return needy.store.place


AS_A_DEFAULT = [function, with_the_other, AsClass, behind_a_service]
ANNOTATED = [annotated, annotated_with_the_other, Annotating, behind_an_annotation]


@over_containers
@pytest.mark.parametrize("handler", [*AS_A_DEFAULT, *ANNOTATED])
def test_dependency_of_a_route_is_refused_on_what_the_container_builds(container: Any, handler: Any) -> None:
    where = "for a default" if handler in AS_A_DEFAULT else "in its annotation"
    with pytest.raises(WiringError, match=rf"has Depend\w+\(\.\.\.\) {where}, which only routes fill in"):
        bootstrap.bootstrap(container(), commands_mapper=lambda m: m.bind(Ask, handler))


@over_containers
def test_dependency_of_a_route_is_refused_on_an_event_handler(container: Any) -> None:
    async def react(event: Happened, store: Store = Depends(get_store)) -> None:
        del event, store

    with pytest.raises(WiringError, match="which only routes fill in"):
        events_bootstrap.bootstrap(container(), events_mapper=lambda m: m.bind(Happened, react))
