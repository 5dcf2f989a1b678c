"""A resolver that draws on another container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pytest

from cqrs.container.resolver import Resolver
from cqrs.errors import DependencyError

if TYPE_CHECKING:
    from cqrs.container.resolving.provider import Lifetime


class Clock:
    def __init__(self, origin: str = "resolver") -> None:
        self.origin = origin


class Mail:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Shelf:
    """A source that has clocks."""

    def __init__(self, lifetime: Lifetime = "transient", *, origin: str = "source") -> None:
        self._lifetime = lifetime
        self._origin = origin
        self.opened: list[Shelf] = []
        self.closed = False

    def provides(self, type_: Any) -> bool:
        return type_ is Clock

    def lifetime(self, type_: Any) -> Lifetime:
        if self._origin == "nowhere":
            raise DependencyError(type_, (), "the shelf is empty", "Fill it")
        return self._lifetime

    async def get(self, type_: Any) -> Any:
        return type_(self._origin)

    def quick(self, _: Any) -> tuple[None, tuple[()]]:
        return None, ()

    def scope(self) -> Shelf | None:
        if self._lifetime != "request":
            return None
        self.opened.append(Shelf(origin="request"))
        return self.opened[-1]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True

    def remedy(self, type_: Any) -> str:
        return f"Add {type_.__name__} to the shelf"


async def test_unbound_types_come_from_the_source() -> None:
    resolver = Resolver(source=Shelf())
    assert (await resolver.resolve(Mail)).clock.origin == "source"
    assert resolver.scoped


async def test_bindings_of_the_resolver_come_first() -> None:
    resolver = Resolver(source=Shelf())
    resolver.bind(Clock)
    assert (await resolver.resolve(Mail)).clock.origin == "resolver"


async def test_default_gives_way_to_what_the_source_has() -> None:
    class Optional:
        def __init__(self, clock: Clock | None = None) -> None:
            self.clock = clock

    clock = (await Resolver(source=Shelf()).resolve(Optional)).clock
    assert clock is not None
    assert clock.origin == "source"


async def test_scope_of_the_source_is_opened_and_closed_with_that_of_the_resolver() -> None:
    shelf = Shelf("request")
    async with Resolver(source=shelf).scope() as scope:
        assert (await scope.resolve(Mail)).clock.origin == "request"
        assert [opened.closed for opened in shelf.opened] == [False]
    assert [opened.closed for opened in shelf.opened] == [True]


async def test_request_scoped_types_of_the_source_are_not_resolved_outside_of_a_request() -> None:
    with pytest.raises(DependencyError, match="Clock lives per request"):
        await Resolver(source=Shelf("request")).resolve(Mail)


def test_singleton_must_not_keep_what_the_source_gives_per_request() -> None:
    resolver = Resolver(source=Shelf("request"))
    resolver.bind(Mail, lifetime="singleton")
    (found,) = resolver.check([Mail])
    assert "would outlive Clock" in found.problem


def test_types_that_the_source_cannot_make_are_reported_with_the_path_to_them() -> None:
    (found,) = Resolver(source=Shelf(origin="nowhere")).check([Mail])
    assert str(found) == "Mail → Clock: the shelf is empty. Fill it."


def test_remedy_speaks_the_language_of_the_source() -> None:
    class Port:
        def __init__(self, number: int) -> None: ...

    (found,) = Resolver(source=Shelf()).check([Port])
    assert found.remedy == "Add int to the shelf"
