"""The errors of the default resolver if it cannot build something."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NewType, Protocol

import pytest

from cqrs.container.resolver import Resolver
from cqrs.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from fractions import Fraction


class Port(ABC):
    @abstractmethod
    def read(self) -> int: ...


class Speaks(Protocol):
    def speak(self) -> str: ...


class Clock:
    pass


class NeedsPort:
    def __init__(self, port: Port) -> None: ...


class NeedsProtocol:
    def __init__(self, speaks: Speaks) -> None: ...


class Deep:
    def __init__(self, clock: Clock, needs: NeedsPort) -> None: ...


class NeedsTwo:
    def __init__(self, port: Port, speaks: Speaks) -> None: ...


@pytest.mark.parametrize(
    ("asked", "subject", "problem", "remedy"),
    [
        (Port, "Port", "Port is an interface and nothing is bound for it", "container.bind(Port, YourImplementation)"),
        (NeedsPort, "NeedsPort → Port", "Port is an interface", "container.bind(Port, YourImplementation)"),
        (
            NeedsProtocol,
            "NeedsProtocol → Speaks",
            "Speaks is an interface",
            "container.bind(Speaks, YourImplementation)",
        ),
        (Deep, "Deep → NeedsPort → Port", "Port is an interface", "container.bind(Port, YourImplementation)"),
    ],
)
async def test_missing_implementation_is_named_with_the_way_to_it(
    asked: type, subject: str, problem: str, remedy: str
) -> None:
    (found,) = Resolver().check([asked])
    assert found.subject == subject
    assert problem in found.problem
    assert remedy in found.remedy
    with pytest.raises(DependencyError) as caught:
        await Resolver().resolve(asked)
    assert str(caught.value) == f"{found.subject}: {found.problem}. {found.remedy}."


def needs(type_: Any) -> type:
    """A class whose constructor needs this type."""

    class Needs:
        def __init__(self, it: Any) -> None: ...

    Needs.__init__.__annotations__["it"] = type_
    return Needs


UserId = NewType("UserId", int)


@pytest.mark.parametrize(
    "value", [str, int, dict, list[int], Decimal, datetime.datetime, UserId, Any, object, int | str, type[Clock]]
)
def test_values_are_never_made_up(value: Any) -> None:
    (found,) = Resolver().check([needs(value)])
    assert "nothing is bound for" in found.problem
    assert "container.bind_instance(" in found.remedy


def test_everything_is_reported_at_once_and_once() -> None:
    found = Resolver().check([NeedsTwo, NeedsPort, Deep, Clock])
    assert [problem.subject for problem in found] == ["NeedsTwo → Port", "NeedsTwo → Speaks"]


def test_check_builds_nothing_and_is_silent_about_what_can_be_built() -> None:
    made: list[Any] = []

    async def make(clock: Clock) -> AsyncIterator[Port]:
        made.append(clock)
        yield made[0]

    resolver = Resolver()
    resolver.bind(Port, make, lifetime="request")
    assert resolver.check([NeedsPort, Deep]) == []
    assert made == []


def test_check_again_after_the_missing_thing_was_bound() -> None:
    resolver = Resolver()
    assert resolver.check([NeedsPort])
    resolver.bind_instance(Port, object())
    assert resolver.check([NeedsPort]) == []


# Circles


class Hen:
    def __init__(self, egg: Egg) -> None: ...


class Egg:
    def __init__(self, hen: Hen) -> None: ...


@pytest.mark.parametrize("lifetime", ["transient", "request", "singleton"])
async def test_circle_is_reported_and_does_not_hang(lifetime: Any) -> None:
    resolver = Resolver()
    resolver.bind(Hen, lifetime=lifetime)
    resolver.bind(Egg, lifetime=lifetime)
    (found,) = resolver.check([Hen])
    assert found.subject == "Hen → Egg → Hen"
    assert found.problem == "Hen needs itself"
    with pytest.raises(DependencyError, match="needs itself"):
        await resolver.resolve(Egg)
    with pytest.raises(DependencyError, match="needs itself"):
        resolver.constructor(Hen)


# Too short-lived


class Session:
    pass


class Repository:
    def __init__(self, session: Session) -> None: ...


class Cache:
    def __init__(self, repository: Repository) -> None: ...


def test_singleton_must_not_keep_what_lives_per_request() -> None:
    resolver = Resolver()
    resolver.bind(Session, lifetime="request")
    resolver.bind(Repository, lifetime="singleton")
    (found,) = resolver.check([Repository])
    assert found.subject == "Repository → Session"
    assert found.problem == "the singleton Repository would outlive Session, which lives per request"
    assert found.remedy == 'Bind Repository with lifetime="request"'


def test_singleton_must_not_keep_it_by_way_of_a_transient_either() -> None:
    resolver = Resolver()
    resolver.bind(Session, lifetime="request")
    resolver.bind(Cache, lifetime="singleton")
    (found,) = resolver.check([Cache])
    assert found.subject == "Cache → Repository → Session"
    assert "the singleton Cache would outlive Session" in found.problem


async def test_thing_of_a_request_may_be_made_of_singletons() -> None:
    resolver = Resolver()
    resolver.bind(Session, lifetime="singleton")
    resolver.bind(Cache, lifetime="request")
    assert resolver.check([Cache]) == []


# Constructors and factories that cannot be read


class Unannotated:
    def __init__(self, clock) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001  # that is the case


class Unreadable:
    def __init__(self, fee: Fraction) -> None: ...


@pytest.mark.parametrize(
    ("asked", "problem", "remedy"),
    [
        (Unannotated, "parameter 'clock' of Unannotated has no annotation", "Annotate it"),
        (Unreadable, "the annotation of 'fee' of Unreadable cannot be read", "not only under TYPE_CHECKING"),
    ],
)
def test_parameter_without_annotation_is_reported_at_check_and_at_bind(asked: type, problem: str, remedy: str) -> None:
    (found,) = Resolver().check([needs(asked)])
    assert problem in found.problem
    assert remedy in found.remedy
    with pytest.raises(DependencyError, match=problem):
        Resolver().bind(asked)


def test_factory_without_a_signature_is_refused() -> None:
    with pytest.raises(DependencyError, match="what iter needs cannot be read"):
        Resolver().bind(Clock, iter)


def test_interface_makes_nothing() -> None:
    with pytest.raises(DependencyError, match="Port is an interface: it makes nothing"):
        Resolver().bind(Port)
    with pytest.raises(DependencyError, match="Speaks is an interface: it makes nothing"):
        Resolver().bind(Port, Speaks)


def test_unknown_lifetime_is_refused() -> None:
    with pytest.raises(DependencyError, match="cannot live for 'forever'"):
        Resolver().bind(Clock, lifetime="forever")  # type: ignore[arg-type]  # that is the case
