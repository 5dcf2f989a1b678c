"""If two classes of one name are in one error, their modules distinguish them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import di
import pytest

import cqrs
from cqrs._introspection.generics import type_names
from cqrs.errors import (
    DependencyError,
    OutboxedEventMismatch,
    RequestHandlerDoesNotExist,
    RequestHandlerTypeError,
    WiringError,
)
from cqrs.events import bootstrap as events_bootstrap
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable


def from_(module: str, name: str, *bases: Any, **members: Any) -> Any:
    """A class as the module would declare it."""
    return type(name, bases, {"__module__": module, "__qualname__": name, **members})


def needing(module: str, name: str, needed: Any) -> Any:
    def __init__(self: Any, it: Any) -> None:  # noqa: N807  # it becomes one
        self.it = it

    __init__.__annotations__ = {"it": needed}
    return from_(module, name, __init__=__init__)


class Missing(Protocol):
    pass


Outer = needing("shop.orders", "Repo", needing("shop.stock", "Repo", Missing))

Pay = from_("shop.orders", "Pay", cqrs.Request[str])
OtherPay = from_("shop.bills", "Pay", cqrs.Request[str])
Paid = from_("shop.orders", "Paid", cqrs.DomainEvent)
OtherPaid = from_("shop.bills", "Paid", cqrs.DomainEvent)


async def handle(self: Any, message: Any) -> str:
    del self, message
    return ""


PayHandler = from_("shop.orders", "PayHandler", cqrs.RequestHandler, handle=handle)
OtherHandler = from_("shop.bills", "PayHandler", cqrs.RequestHandler, handle=handle)


class ForOther(cqrs.RequestHandler[OtherPay, str]):
    async def handle(self, request: Any) -> str:
        del request
        return ""


class ForOtherEvent(cqrs.EventHandler[OtherPaid]):
    async def handle(self, event: Any) -> None:
        del event


@pytest.mark.parametrize("container", [cqrs.Resolver, di.Container], ids=["resolver", "di"])
def test_two_classes_on_the_path_to_a_missing_type_are_distinguished(container: Any) -> None:
    async def needs(request: Any, repo: Any) -> str:
        del request, repo
        return ""

    needs.__annotations__ = {"request": Pay, "repo": Outer}
    with pytest.raises(WiringError, match=r"shop\.orders\.Repo → shop\.stock\.Repo → Missing: "):
        bootstrap.bootstrap(container(), commands_mapper=lambda m: m.bind(Pay, needs))


async def test_error_of_a_container_distinguishes_two_classes() -> None:
    with pytest.raises(DependencyError, match=r"^shop\.orders\.Repo → shop\.stock\.Repo → Missing: "):
        await cqrs.Resolver().resolve(Outer)


def test_singleton_is_distinguished_from_a_shorter_lived_class_of_its_name() -> None:
    plain = from_("shop.stock", "Unit")
    keeper = needing("shop.orders", "Unit", plain)
    resolver = cqrs.Resolver()
    resolver.bind(plain, lifetime="request")
    resolver.bind(keeper, lifetime="singleton")
    [problem] = resolver.check([keeper])
    assert "the singleton shop.orders.Unit would outlive shop.stock.Unit" in str(problem)


def bind_twice(requests: cqrs.RequestMap) -> None:
    requests.bind(Pay, PayHandler)
    requests.bind(Pay, OtherHandler)


def bind_for_other(requests: cqrs.RequestMap) -> None:
    requests.bind(Pay, ForOther)


@pytest.mark.parametrize(
    ("bind", "told"),
    [
        (bind_twice, r"it is bound to shop\.orders\.PayHandler and to shop\.bills\.PayHandler"),
        (bind_for_other, r"it answers shop\.bills\.Pay\. Bind it to shop\.bills\.Pay"),
    ],
)
def test_mistake_in_a_request_map_distinguishes_two_classes(bind: Callable[[cqrs.RequestMap], None], told: str) -> None:
    with pytest.raises(WiringError, match=told):
        bootstrap.bootstrap(cqrs.Resolver(), commands_mapper=bind)


def test_mistake_in_an_event_map_distinguishes_two_classes() -> None:
    with pytest.raises(WiringError, match=r"it handles shop\.bills\.Paid"):
        events_bootstrap.bootstrap(cqrs.Resolver(), events_mapper=lambda m: m.bind(Paid, ForOtherEvent))


async def test_unhandled_request_of_a_known_name_is_distinguished_from_the_handled_one() -> None:
    mediator = bootstrap.bootstrap(cqrs.Resolver(), commands_mapper=lambda m: m.bind(Pay, PayHandler))
    with pytest.raises(RequestHandlerDoesNotExist, match=r"for shop\.bills\.Pay: .*bound so far: shop\.orders\.Pay"):
        await mediator.send(OtherPay())
    with pytest.raises(RequestHandlerTypeError, match=r"it is not bound to shop\.bills\.PayHandler"):
        await mediator.send(Pay(), answered_by=OtherHandler)


def test_events_of_one_name_are_distinguished_in_an_outbox() -> None:
    told = str(OutboxedEventMismatch("paid", 1, Paid, OtherPaid))
    assert "takes a shop.orders.Paid, and this is a shop.bills.Paid" in told


def test_names_that_do_not_clash_stay_short() -> None:
    assert type_names(Pay, Paid, Pay, list[int]) == ["Pay", "Paid", "Pay", "list[int]"]


def test_type_arguments_of_one_name_are_distinguished() -> None:
    names = type_names(list[Pay], list[OtherPay], dict[str, Pay])
    assert names == ["list[shop.orders.Pay]", "list[shop.bills.Pay]", "dict[str, Pay]"]
