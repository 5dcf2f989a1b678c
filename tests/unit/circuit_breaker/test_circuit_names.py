"""Each thing that is called has a circuit of its own, under a name that another process has, too."""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.protocol import circuit_name
from cqrs.errors import CircuitBreakerSettingsError, CircuitOpenError, WiringError
from cqrs.events import bootstrap as event_bootstrap
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Charge(cqrs.Request[str]):
    pass


class Charged(cqrs.DomainEvent):
    pass


class Bank:
    def __init__(self, name: str = "") -> None:
        self.name = name

    async def charge(self, command: Charge) -> str:
        raise ConnectionError(self.name)

    async def __call__(self, command: Charge) -> str:
        raise ConnectionError(self.name)

    async def on_charged(self, event: Charged) -> None:
        raise ConnectionError(self.name)

    @classmethod
    async def pay(cls, _: Charge) -> str:
        raise ConnectionError(cls.__name__)

    @staticmethod
    async def refund(_: Charge) -> str:
        raise ConnectionError


class OtherBank(Bank):
    pass


async def charge(command: Charge, bank: str = "") -> str:
    raise ConnectionError(bank)


async def later(command: Charge) -> str:
    return "later"


async def ignore(event: Charged) -> None:
    pass


def charging(bank: str) -> Callable[[Charge], Any]:
    async def handler(command: Charge) -> str:
        raise ConnectionError(bank)

    return handler


def on_charged(bank: str) -> Callable[[Charged], Any]:
    async def handler(event: Charged) -> None:
        raise ConnectionError(bank)

    return handler


NAMELESS = {
    "closure": charging("a"),
    "partial": functools.partial(charge, bank="a"),
    "method of an object": Bank("a").charge,
    "object that can be called": Bank("a"),
    "lambda": lambda command: charge(command),  # noqa: PLW0108
}


@pytest.mark.parametrize("primary", [NAMELESS[name] for name in list(NAMELESS)[:4]], ids=list(NAMELESS)[:4])
def test_a_primary_without_a_name_of_its_own_needs_one(primary: Any) -> None:
    def build(**name: str) -> cqrs.RequestMediator:
        bound = cqrs.RequestHandlerFallback(primary, later, circuit_breaker=AioBreakerAdapter(), **name)
        return bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Charge, bound))

    with pytest.raises(WiringError, match=r"the fallback bound to Charge: its primary .* no name of its own .* name="):
        build()
    build(name="bank-a")
    cqrs.RequestHandlerFallback(primary, later)  # without a breaker there is no circuit


@pytest.mark.parametrize("primary", [on_charged("a"), Bank("a").on_charged], ids=["closure", "method of an object"])
def test_an_event_handler_without_a_name_of_its_own_needs_one(primary: Any) -> None:
    def build(**name: str) -> cqrs.EventMediator:
        bound = cqrs.EventHandlerFallback(primary, ignore, circuit_breaker=AioBreakerAdapter(), **name)
        return event_bootstrap.bootstrap(events_mapper=lambda m: m.bind(Charged, bound))

    with pytest.raises(WiringError, match="the fallback bound to Charged: its primary"):
        build()
    build(name="bank-a")


@pytest.mark.parametrize("identifier", NAMELESS.values(), ids=NAMELESS)
async def test_a_breaker_refuses_an_identifier_that_names_several_things(identifier: Any) -> None:
    with pytest.raises(CircuitBreakerSettingsError, match=r"names no circuit of its own\. Pass a class or a string"):
        await AioBreakerAdapter().call(identifier, charge, Charge())


async def test_named_closures_have_a_circuit_each() -> None:
    breaker = AioBreakerAdapter(fail_max=1)
    names = []

    async def stand_in(command: Charge) -> str:
        return "later"

    for bank in ("a", "b"):
        bound = cqrs.RequestHandlerFallback(charging(bank), stand_in, (), breaker, f"bank-{bank}")
        mediator = bootstrap.bootstrap(commands_mapper=lambda m, bound=bound: m.bind(Charge, bound))
        assert await mediator.send(Charge()) == "later"
        with pytest.raises(CircuitOpenError) as refused:
            await breaker.call(f"bank-{bank}", charge, Charge())
        names.append(refused.value.identifier)
    assert names == ["bank-a", "bank-b"]


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (Bank, "Bank"),
        (charge, "charge"),
        (Bank.refund, "Bank.refund"),
        (Bank.pay, "Bank.pay"),
        (OtherBank.pay, "OtherBank.pay"),
    ],
)
async def test_a_class_or_function_is_known_by_its_module_and_name(subject: Any, name: str) -> None:
    breaker = AioBreakerAdapter(fail_max=1)
    assert circuit_name(subject) == f"{__name__}.{name}"
    if not isinstance(subject, type):
        bound = cqrs.RequestHandlerFallback(subject, later, circuit_breaker=breaker)
        mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Charge, bound))
        await mediator.send(Charge())
        with pytest.raises(CircuitOpenError):
            await breaker.call(f"{__name__}.{name}", charge, Charge())


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"circuit_breaker": AioBreakerAdapter}, "its circuit_breaker AioBreakerAdapter is a class. Pass an instance"),
        (
            {"circuit_breaker": "redis://"},
            "its circuit_breaker 'redis://' is not a circuit breaker. Pass a circuit breaker with call",
        ),
        (
            {"failure_exceptions": ("ConnectionError",)},
            "its failure_exceptions are .* Pass a tuple of exception",
        ),
        (
            {"failure_exceptions": (ConnectionError(),)},
            "its failure_exceptions are .* Pass a tuple of exception",
        ),
        ({"name": 7}, "its name is 7. Pass a text"),
        ({"name": ""}, "its name is ''. Pass a text"),
    ],
)
def test_a_fallback_that_cannot_work_is_refused_at_start(settings: Any, problem: str) -> None:
    request, event = (
        cqrs.RequestHandlerFallback(charge, later, **settings),
        cqrs.EventHandlerFallback(ignore, ignore, **settings),
    )
    with pytest.raises(WiringError, match=f"the fallback bound to Charge: {problem}"):
        bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Charge, request))
    with pytest.raises(WiringError, match=f"the fallback bound to Charged: {problem}"):
        event_bootstrap.bootstrap(events_mapper=lambda m: m.bind(Charged, event))


def test_the_main_module_has_the_name_that_other_processes_import(tmp_path: Path) -> None:
    source = "from cqrs.circuit_breaker.protocol import circuit_name\nclass Bank: ...\nprint(circuit_name(Bank))\n"
    (tmp_path / "shop_main.py").write_text(source)
    run = functools.partial(subprocess.run, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
    assert run([sys.executable, "-m", "shop_main"]).stdout == "shop_main.Bank\n"
    assert run([sys.executable, "-c", "import shop_main"]).stdout == "shop_main.Bank\n"
    assert run([sys.executable, "shop_main.py"]).stdout == "__main__.Bank\n"
