"""What a type checker accepts of generic models is accepted, and what it refuses is refused."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel

import cqrs
from cqrs.errors import WiringError
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests import bootstrap

T = TypeVar("T")


class User(BaseModel):
    name: str = ""


class Order(BaseModel):
    number: int = 0


class Page(cqrs.Response, Generic[T]):
    items: tuple[T, ...] = ()


class UserPage(Page[User]):
    pass


class Wrapped(cqrs.Request[str], Generic[T]):
    inner: T


class WrappedUser(Wrapped[User]):
    pass


class Joined(cqrs.NotificationEvent[User]):
    pass


def bind(declared: Any, answered: Any) -> None:
    """Bind a handler that answers so to a request that declares so."""

    async def handle(self: Any, request: Any) -> Any:
        del self, request

    request: Any = type("Ask", (cqrs.Request[declared],), {"__module__": __name__})  # type: ignore[valid-type]
    base: Any = cqrs.RequestHandler
    handler = type("Handler", (base,), {"handle": handle, "__orig_bases__": (base[request, answered],)})
    bootstrap.bootstrap(commands_mapper=lambda m: m.bind(request, handler))


def bind_request(request: Any, handled: Any) -> None:
    async def handle(message: Any) -> str:
        del message
        return ""

    handle.__annotations__["message"] = handled
    bootstrap.bootstrap(commands_mapper=lambda m: m.bind(request, handle))


def bind_event(event: Any, handled: Any) -> None:
    async def react(message: Any) -> None:
        del message

    react.__annotations__["message"] = handled
    events_bootstrap.bootstrap(events_mapper=lambda m: m.bind(event, react))


@pytest.mark.parametrize(
    ("declared", "answered"),
    [
        (Page[User], UserPage),
        (Page[User], Page[User]),
        (Page[Any], Page[User]),
        (Page[Any], UserPage),
        (Page[User], Page[Any]),
        (Page, UserPage),
        (Page[User], Page),
        (Page[Page[Any]], Page[Page[User]]),
    ],
)
def test_answer_that_a_checker_accepts_is_accepted(declared: Any, answered: Any) -> None:
    bind(declared, answered)


@pytest.mark.parametrize(
    ("declared", "answered"), [(Page[User], Page[Order]), (UserPage, Page[User]), (Page[Order], UserPage)]
)
def test_answer_that_a_checker_refuses_is_refused(declared: Any, answered: Any) -> None:
    with pytest.raises(WiringError, match="it answers with"):
        bind(declared, answered)


@pytest.mark.parametrize("request_type", [WrappedUser, Wrapped[User]])
@pytest.mark.parametrize("handled", [Wrapped[User], Wrapped[Any], Wrapped])
def test_generic_request_is_answered_by_the_handler_that_accepts_it(request_type: Any, handled: Any) -> None:
    bind_request(request_type, handled)


def test_generic_request_of_another_thing_is_refused() -> None:
    with pytest.raises(WiringError, match="it answers"):
        bind_request(WrappedUser, Wrapped[Order])


@pytest.mark.parametrize("event_type", [Joined, cqrs.NotificationEvent[User]])
@pytest.mark.parametrize("handled", [cqrs.NotificationEvent[User], cqrs.NotificationEvent[Any], cqrs.NotificationEvent])
def test_generic_event_reaches_each_handler_that_accepts_it(event_type: Any, handled: Any) -> None:
    bind_event(event_type, handled)


def test_generic_event_of_another_payload_is_refused() -> None:
    with pytest.raises(WiringError, match="it handles"):
        bind_event(Joined, cqrs.NotificationEvent[Order])
