"""What can be handed to a bootstrap as a container."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.container.adopt import adopt
from cqrs.container.resolver import Resolver
from cqrs.container.scope import current_scope
from cqrs.errors import WiringError, WiringProblem
from cqrs.requests.bootstrap import bootstrap
from cqrs.requests.request import Request
from cqrs.requests.request_handler import RequestHandler

if TYPE_CHECKING:
    from collections.abc import Iterable


class Ask(Request[str]):
    pass


class AskHandler(RequestHandler[Ask, str]):
    def __init__(self, answer: str = "built without a container") -> None:
        self._answer = answer

    async def handle(self, _: Ask) -> str:
        return self._answer


def bind(m: Any) -> None:
    m.bind(Ask, AskHandler)


class Sync:
    def resolve(self, type_: Any) -> Any:
        return type_("sync")


class Async:
    async def resolve(self, type_: Any) -> Any:
        return type_("async")


class Scoped(Async):
    """A container whose scope is a container of its own, and makes light of errors."""

    def __init__(self) -> None:
        self.closed_with: list[type[BaseException] | None] = []

    def scope(self) -> Scoped:
        return self

    async def __aenter__(self) -> Sync:
        return Sync()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self.closed_with.append(kind)
        return True


class Checking(Async):
    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        return [WiringProblem(cls.__name__, "not today", "Try tomorrow") for cls in types]


async def test_no_container_means_a_new_resolver() -> None:
    assert isinstance(adopt(None), Resolver)
    assert await bootstrap(commands_mapper=bind).send(Ask()) == "built without a container"


def test_resolver_and_what_was_adopted_stay_what_they_are() -> None:
    resolver = Resolver()
    assert adopt(resolver) is resolver
    adopted = adopt(Sync())
    assert adopt(adopted) is adopted


@pytest.mark.parametrize(("container", "answer"), [(Sync(), "sync"), (Async(), "async"), (Scoped(), "sync")])
async def test_anything_with_resolve_builds_handlers(container: Any, answer: str) -> None:
    assert await bootstrap(container, commands_mapper=bind).send(Ask()) == answer


async def test_resolve_may_be_an_attribute_of_the_object() -> None:
    container = types.SimpleNamespace(resolve=Sync().resolve)
    assert await bootstrap(container, commands_mapper=bind).send(Ask()) == "sync"


class WithOtherMeanings(Sync):
    """What other containers call a scope or a check."""

    scope = "request"

    @property
    def check(self) -> str:
        return "checked"

    def __getattr__(self, name: str) -> Any:
        return lambda: name


async def test_attributes_of_the_same_name_mean_nothing() -> None:
    assert await bootstrap(WithOtherMeanings(), commands_mapper=bind).send(Ask()) == "sync"


async def test_scope_that_swallows_errors_keeps_none_from_the_caller() -> None:
    container = Scoped()
    with pytest.raises(LookupError):
        async with adopt(container).scope():
            raise LookupError
    assert container.closed_with == [LookupError]


def test_problems_found_by_the_container_are_reported_at_start() -> None:
    with pytest.raises(WiringError, match=r"AskHandler: not today\. Try tomorrow"):
        bootstrap(Checking(), commands_mapper=bind)


async def test_container_from_a_package_called_like_a_known_one_speaks_for_itself() -> None:
    own = type("Container", (Sync,), {"__module__": "di.containers"})
    assert await bootstrap(own(), commands_mapper=bind).send(Ask()) == "sync"


@pytest.mark.parametrize(
    ("container", "problem"),
    [(object(), "it has no method resolve"), (Sync, "it is a class"), ({}, "it has no method")],
)
def test_an_object_that_is_no_container_is_refused(container: Any, problem: str) -> None:
    with pytest.raises(WiringError, match=problem):
        adopt(container)


class Session:
    pass


class Who(Request[bool]):
    pass


class WhoHandler(RequestHandler[Who, bool]):
    def __init__(self, session: Session) -> None:
        self._session = session

    async def handle(self, _: Who) -> bool:
        return await current_scope().resolve(Session) is self._session


async def test_current_scope_is_the_scope_of_the_request() -> None:
    resolver = Resolver()
    resolver.bind(Session, lifetime="request")
    mediator = bootstrap(resolver, commands_mapper=lambda m: m.bind(Who, WhoHandler))
    assert await mediator.send(Who())
    with pytest.raises(LookupError):
        current_scope()
