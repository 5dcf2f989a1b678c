"""Bootstraps, the command bus and mediators refuse what they cannot work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import EventClassRecorded, RequestHandlerDoesNotExist
from cqrs.events import bootstrap as events
from cqrs.events.event_processor import EventProcessor
from cqrs.requests import bootstrap as requests
from tests.unit.handed_over import things
from tests.unit.handed_over.things import Ask, Asked, Happened, Nothing, OnHappened, Timed, coroutine, refused, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BOOTSTRAPS: dict[str, Any] = {
    "requests": requests.bootstrap,
    "streams": requests.bootstrap_streaming,
    "events": events.bootstrap,
}


def plain(request: Any, handle: Any) -> Any:
    return handle(request)


async def one_parameter(request: Any) -> Any:
    pass


async def three_parameters(request: Any, handle: Any, more: Any) -> Any:
    pass


async def async_mapper(mapper: Any) -> None:
    pass


@pytest.mark.parametrize("bootstrap", BOOTSTRAPS)
@pytest.mark.parametrize(
    ("argument", "value"),
    table(
        database=things.NO_DATABASE,
        message_broker=things.NO_BROKER,
        outbox={"a text": "outbox", "the class": type(things.db.outbox), "a session": things.db.session},
        hooks={"the class": cqrs.Hooks, "a text": "hooks", "a function": coroutine},
        serializer={**things.NO_SERIALIZER, "a compressor": cqrs.ZlibCompressor()},
        middlewares={
            "a class": [Timed],
            "a plain function": [plain],
            "alone": coroutine,
            "an object": Timed(),
            "a text": "timed",
            "of one parameter": [one_parameter],
            "of three": [three_parameters],
        },
        on_startup={
            "async": [coroutine],
            "alone": coroutine,
            "a text": "start",
            "a result": [3],
            "of a parameter": [lambda _: None],
        },
        max_concurrent_event_handlers={"0": 0, "a text": "5", "nothing": None, "half": 1.5, "a flag": True},
        di_container={"the class": cqrs.Resolver, "a text": "container", "the database": things.db},
    ),
)
def test_a_part_that_cannot_work_is_refused(bootstrap: str, argument: str, value: Any) -> None:
    alone = {"separate_outbox_transaction": True} if argument == "outbox" else {}
    refused(lambda: BOOTSTRAPS[bootstrap](**{argument: value}, **alone))


@pytest.mark.parametrize("bootstrap", BOOTSTRAPS)
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (async_mapper, "async_mapper: it is async, and would not be awaited"),
        (lambda: None, "it does not take one parameter, the map"),
        ({}, "it cannot be called"),
        (cqrs.RequestMap(), "it cannot be called"),
    ],
)
def test_a_mapper_that_would_bind_nothing_is_refused(bootstrap: str, given: Any, problem: str) -> None:
    mappers = ["events_mapper"] if bootstrap == "events" else ["commands_mapper", "domain_events_mapper"]
    for mapper in mappers:
        refused(lambda mapper=mapper: BOOTSTRAPS[bootstrap](**{mapper: given}), problem)


def test_a_mapper_that_was_called_already_is_refused() -> None:
    refused(lambda: requests.bootstrap(commands_mapper=async_mapper(None)), "it was not awaited")  # type: ignore[arg-type]


class NoMessage(cqrs.RequestHandler[Ask, int]):
    async def handle(self) -> int:  # type: ignore[override]
        return 1


class TwoParameters(cqrs.RequestHandler[Ask, int]):
    async def handle(self, request: Ask, session: Any) -> int:  # type: ignore[override]
        return 1


class NamedParameter(cqrs.RequestHandler[Ask, int]):
    async def handle(self, request: Ask, *, session: Any) -> int:  # type: ignore[override]
        return 1


class Member(cqrs.CORRequestHandler[Ask, int]):
    async def handle(self, request: Ask, session: Any) -> int:  # type: ignore[override]
        return 1


class StreamOfTwo(cqrs.StreamingRequestHandler[Ask, int]):
    async def handle(self, request: Ask, session: Any) -> AsyncIterator[int]:  # type: ignore[override]
        yield 1


class OnEventOfTwo(cqrs.EventHandler[Happened]):
    async def handle(self, event: Happened, session: Any) -> None:  # type: ignore[override]
        pass


class Defaulted(cqrs.RequestHandler[Ask, int]):
    async def handle(self, request: Ask, times: int = 1) -> int:
        return times


@pytest.mark.parametrize("handler", [NoMessage, TwoParameters, NamedParameter, [Member], StreamOfTwo])
def test_a_handle_that_takes_more_or_less_than_the_message_is_refused(handler: Any) -> None:
    build = requests.bootstrap_streaming if handler is StreamOfTwo else requests.bootstrap
    refused(lambda: build(commands_mapper=lambda m: m.bind(Ask, handler)), "its handle does not take the message alone")


def test_an_event_handle_that_takes_more_than_the_event_is_refused() -> None:
    for build in (lambda mapper: events.bootstrap(events_mapper=mapper), mapped_in_requests):
        refused(lambda build=build: build(lambda m: m.bind(Happened, OnEventOfTwo)), "does not take the message alone")


def mapped_in_requests(mapper: Any) -> Any:
    return requests.bootstrap(domain_events_mapper=mapper)


async def test_a_handle_may_have_parameters_with_defaults() -> None:
    assert await requests.bootstrap(commands_mapper=lambda m: m.bind(Ask, Defaulted)).send(Ask()) == 1


@pytest.mark.parametrize(
    ("message", "handler"), [(Asked, Ask), (Ask(), Asked), (Ask, Asked()), (Ask, "Asked"), (Ask, Happened)]
)
def test_a_binding_of_the_wrong_things_is_refused(message: Any, handler: Any) -> None:
    refused(lambda: requests.bootstrap(commands_mapper=lambda m: m.bind(message, handler)))
    refused(lambda: cqrs.CommandBus().register(message, handler))


@pytest.mark.parametrize("bound", [(OnHappened, Happened), (Happened(), OnHappened), (Happened, OnHappened())])
def test_an_event_binding_of_the_wrong_things_is_refused(bound: Any) -> None:
    refused(lambda: events.bootstrap(events_mapper=lambda m: m.bind(*bound)))


@pytest.mark.parametrize(("argument", "value"), table(database=things.NO_DATABASE, middlewares={"alone": Timed()}))
def test_a_command_bus_refuses_what_it_cannot_work_with(argument: str, value: Any) -> None:
    refused(lambda: cqrs.CommandBus(**{argument: value}))


async def test_a_class_in_place_of_a_message_is_refused() -> None:
    with pytest.raises(RequestHandlerDoesNotExist, match="Ask is no request, a class was sent, send an instance of it"):
        await things.mediator.send(Ask)
    with pytest.raises(EventClassRecorded, match=r"Happened is a class: record or send an instance"):
        await things.receiver.send(Happened)


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (cqrs.RequestMediator, {"request_map": cqrs.RequestMap}),
        (cqrs.RequestMediator, {"request_map": lambda m: m.bind(Ask, Asked)}),
        (cqrs.RequestMediator, {"request_map": cqrs.EventMap()}),
        (cqrs.RequestMediator, {"request_map": cqrs.RequestMap(), "event_emitter": cqrs.EventMap()}),
        (cqrs.RequestMediator, {"request_map": cqrs.RequestMap(), "event_map": cqrs.RequestMap()}),
        (cqrs.RequestMediator, {"request_map": cqrs.RequestMap(), "middleware_chain": [Timed()]}),
        (cqrs.StreamingRequestMediator, {"request_map": cqrs.EventMap()}),
        (cqrs.StreamingRequestMediator, {"request_map": cqrs.RequestMap(), "middleware_chain": [Timed()]}),
        (cqrs.EventMediator, {"event_map": cqrs.RequestMap()}),
        (cqrs.EventMediator, {"event_map": cqrs.EventMap}),
        (cqrs.EventMediator, {"event_map": cqrs.EventMap(), "middleware_chain": [Timed()]}),
        (cqrs.EventMediator, {"event_emitter": things.broker}),
        (cqrs.EventEmitter, {"event_map": cqrs.RequestMap()}),
        (cqrs.EventEmitter, {"message_broker": things.URL}),
        (cqrs.EventEmitter, {"outbox": things.db}),
        (cqrs.EventEmitter, {"hooks": cqrs.Hooks}),
        (cqrs.EventEmitter, {"serializer": "json"}),
        (EventProcessor, {"event_emitter": cqrs.EventMap()}),
        (EventProcessor, {"event_emitter": cqrs.EventEmitter(), "max_concurrent_event_handlers": "3"}),
        (cqrs.MiddlewareChain, {"middlewares": Timed()}),
    ],
)
def test_parts_put_together_by_hand_are_refused(make: Any, parts: dict[str, Any]) -> None:
    refused(lambda: make(**parts))


def test_a_broker_of_ones_own_without_the_base_class_sends() -> None:
    requests.bootstrap(message_broker=things.SendsOnly())  # type: ignore[arg-type]
    refused(lambda: requests.bootstrap(message_broker=Nothing()), "it has no send_message. Pass a MessageBroker")  # type: ignore[arg-type]
