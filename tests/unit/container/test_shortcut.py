"""The short way to a thing, which takes neither an await nor a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cqrs.container.resolver import Resolver
from cqrs.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Clock:
    pass


class Mail:
    def __init__(self, clock: Clock) -> None:
        self.parts = (clock,)


class Desk:
    def __init__(self, clock: Clock, mail: Mail) -> None:
        self.parts = (clock, mail)


class Office:
    def __init__(self, clock: Clock, mail: Mail, desk: Desk) -> None:
        self.parts = (clock, mail, desk)


class House:
    def __init__(self, clock: Clock, mail: Mail, desk: Desk, office: Office, *, other: Clock) -> None:
        self.parts = (clock, mail, desk, office, other)


class Street:
    def __init__(self, clock: Clock, mail: Mail, desk: Desk, office: Office) -> None:
        self.parts = (clock, mail, desk, office)


@pytest.mark.parametrize("cls", [Mail, Desk, Office, House, Street])
def test_parts_are_in_their_places(cls: type) -> None:
    construct: Callable[[], Any] | None = Resolver().constructor(cls)
    assert construct is not None
    kinds = [Clock, Mail, Desk, Office, Clock]
    assert [type(part) for part in construct().parts] == kinds[: len(construct().parts)]


def test_singletons_are_shared_and_the_rest_is_not() -> None:
    resolver = Resolver()
    resolver.bind(Clock, lifetime="singleton")
    construct = resolver.constructor(Desk)
    assert construct is not None
    first, second = construct(), construct()
    assert first.parts[0] is second.parts[0]
    assert first.parts[1] is not second.parts[1]


def test_singleton_whose_factory_fails_is_tried_again() -> None:
    failures = [LookupError()]

    def make() -> Clock:
        if failures:
            raise failures.pop()
        return Clock()

    resolver = Resolver()
    resolver.bind(Clock, make, lifetime="singleton")
    construct = resolver.constructor(Mail)
    assert construct is not None
    with pytest.raises(LookupError) as caught:
        construct()
    assert caught.value.__context__ is None
    assert construct().parts == construct().parts


async def make_later() -> Clock:
    return Clock()


def make_and_close() -> Iterator[Clock]:
    yield Clock()


@pytest.mark.parametrize(
    ("factory", "lifetime"),
    [(make_later, "transient"), (make_later, "singleton"), (make_and_close, "transient"), (Clock, "request")],
)
def test_there_is_none_where_it_takes_more(factory: Any, lifetime: Any) -> None:
    resolver = Resolver()
    resolver.bind(Clock, factory, lifetime=lifetime)
    assert resolver.constructor(Clock) is None
    assert resolver.constructor(Desk) is None


def test_there_is_none_for_what_cannot_be_built() -> None:
    with pytest.raises(DependencyError):
        Resolver().constructor(int)
