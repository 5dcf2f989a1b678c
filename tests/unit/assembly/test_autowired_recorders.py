"""An event recorder is the handler's: one that is injected into a service would never be read."""

from __future__ import annotations

from typing import Any

import pytest

import cqrs
from cqrs.errors import DependencyError, WiringError
from cqrs.requests.bootstrap import bootstrap


class Ask(cqrs.Request[None]):
    pass


class Asked(cqrs.DomainEvent):
    pass


class Pricing:
    def __init__(self, events: cqrs.EventRecorder) -> None:
        self.events = events


async def prices(_: Ask, pricing: Pricing, events: cqrs.EventRecorder) -> None:
    pricing.events.record(Asked())


class InItsConstructor(cqrs.RequestHandler[Ask, None]):
    def __init__(self, events: cqrs.EventRecorder) -> None:
        self.recorder = events

    async def handle(self, request: Ask) -> None:
        self.recorder.record(Asked())


@pytest.mark.parametrize(
    ("handler", "subject"),
    [
        (prices, "prices → Pricing → EventRecorder"),
        (InItsConstructor, "InItsConstructor → EventRecorder"),
    ],
)
def test_recorder_of_a_service_or_a_constructor_is_refused(handler: Any, subject: str) -> None:
    with pytest.raises(WiringError) as refused:
        bootstrap(commands_mapper=lambda m: m.bind(Ask, handler))
    (found,) = refused.value.problems
    assert found.subject == subject
    assert found.problem == "what is recorded in an EventRecorder that is made here would never be read"
    assert "pass it on in a call" in found.remedy


async def test_recorder_is_not_made_on_demand_either() -> None:
    with pytest.raises(DependencyError, match="what is recorded in an EventRecorder"):
        await cqrs.Resolver().resolve(cqrs.EventRecorder)


class Tariff:
    def price(self, events: cqrs.EventRecorder) -> None:
        events.record(Asked())


async def test_handler_function_has_its_own_and_passes_it_on() -> None:
    handled: list[Asked] = []

    async def ask(_: Ask, tariff: Tariff, events: cqrs.EventRecorder) -> None:
        tariff.price(events)

    async def on_asked(event: Asked) -> None:
        handled.append(event)

    mediator = bootstrap(
        commands_mapper=lambda m: m.bind(Ask, ask), domain_events_mapper=lambda m: m.bind(Asked, on_asked)
    )
    await mediator.send(Ask())
    assert len(handled) == 1


def test_recorder_that_is_bound_is_the_binders_affair() -> None:
    container = cqrs.Resolver()
    container.bind(cqrs.EventRecorder, lifetime="request")
    bootstrap(container, commands_mapper=lambda m: m.bind(Ask, prices))


async def test_handler_injected_into_another_is_no_unread_recorder() -> None:
    class Outer(cqrs.RequestHandler[Ask, None]):
        def __init__(self, inner: Inner) -> None:
            self.inner = inner

        async def handle(self, request: Ask) -> None:
            await self.inner.handle(request)

    await bootstrap(commands_mapper=lambda m: m.bind(Ask, Outer)).send(Ask())


class Inner(cqrs.RequestHandler[Ask, None]):
    async def handle(self, request: Ask) -> None:
        """Do nothing."""
