from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import attrs
import msgspec
import pytest

import cqrs
from cqrs.errors import RequestHandlerDoesNotExist, RequestHandlerTypeError
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming


class Placed(cqrs.Response):
    order_id: str


class PlaceOrder(cqrs.Request[Placed]):
    sku: str


class PlaceOrderHandler(cqrs.RequestHandler[PlaceOrder, Placed]):
    async def handle(self, request: PlaceOrder) -> Placed:
        return Placed(order_id=f"{request.sku}-1")


class Import(cqrs.Request):
    pass


class ImportHandler(cqrs.StreamingRequestHandler[Import, int]):
    async def handle(self, request: Import) -> Any:
        yield 1


@dataclasses.dataclass
class Plain:
    number: int


@attrs.frozen
class Attrs:
    number: int


class Struct(msgspec.Struct):
    number: int


@dataclasses.dataclass
class DC(cqrs.DCRequest[int]):
    number: int


@pytest.mark.parametrize("request_type", [Plain, Attrs, Struct, DC])
async def test_a_message_of_any_class_can_be_bound(request_type: Any) -> None:
    async def double(request: Any) -> int:
        return int(request.number) * 2

    mediator = bootstrap(queries_mapper=lambda m: m.bind(request_type, double))
    assert await mediator.send(request_type(number=21)) == 42


async def test_send_returns_what_the_handler_returned() -> None:
    mediator = bootstrap(commands_mapper=lambda m: m.bind(PlaceOrder, PlaceOrderHandler))
    assert await mediator.send(PlaceOrder(sku="mug")) == Placed(order_id="mug-1")


async def test_each_request_has_a_handler_of_its_own() -> None:
    built: list[int] = []

    class Counting(PlaceOrderHandler):
        def __init__(self) -> None:
            built.append(id(self))
            self.record(object())

    mediator = bootstrap(commands_mapper=lambda m: m.bind(PlaceOrder, Counting))
    await asyncio.gather(*(mediator.send(PlaceOrder(sku=str(n))) for n in range(5)))
    assert len(built) == 5


async def test_an_error_of_a_handler_reaches_the_caller_unchanged() -> None:
    error = LookupError("no such sku")

    async def failing(_: PlaceOrder) -> Placed:
        raise error

    mediator = bootstrap(commands_mapper=lambda m: m.bind(PlaceOrder, failing))
    with pytest.raises(LookupError) as caught:
        await mediator.send(PlaceOrder(sku="mug"))
    assert caught.value is error


async def test_an_unbound_request_raises_with_the_bound_ones() -> None:
    mediator = bootstrap(commands_mapper=lambda m: m.bind(PlaceOrder, PlaceOrderHandler))
    with pytest.raises(
        RequestHandlerDoesNotExist, match=r"No handler for Import: .*bound so far: PlaceOrder"
    ) as caught:
        await mediator.send(Import())
    assert (caught.value.request_type, caught.value.bound) == (Import, (PlaceOrder,))
    assert isinstance(caught.value, ValueError)


async def test_sending_a_class_raises_with_the_advice_to_send_an_instance() -> None:
    with pytest.raises(
        RequestHandlerDoesNotExist, match=r"^PlaceOrder is no .*send an instance.*: PlaceOrder\(\.\.\.\)"
    ):
        await bootstrap(commands_mapper=lambda m: m.bind(PlaceOrder, PlaceOrderHandler)).send(PlaceOrder)


async def test_a_subclass_of_a_bound_request_is_another_request() -> None:
    class Express(PlaceOrder):
        pass

    mediator = bootstrap(commands_mapper=lambda m: m.bind(PlaceOrder, PlaceOrderHandler))
    with pytest.raises(RequestHandlerDoesNotExist):
        await mediator.send(Express(sku="mug"))


async def test_each_mediator_points_to_the_other_for_what_it_cannot_answer() -> None:
    def bind(request_map: cqrs.RequestMap) -> None:
        request_map.bind(PlaceOrder, PlaceOrderHandler)
        request_map.bind(Import, ImportHandler)

    with pytest.raises(RequestHandlerTypeError, match=r"use StreamingRequestMediator\.stream"):
        await bootstrap(commands_mapper=bind).send(Import())
    with pytest.raises(RequestHandlerTypeError, match=r"use RequestMediator\.send"):
        bootstrap_streaming(commands_mapper=bind).stream(PlaceOrder(sku="mug"))


async def test_answered_by_names_the_bound_handler() -> None:
    mediator = bootstrap(commands_mapper=lambda m: m.bind(PlaceOrder, PlaceOrderHandler))

    class Other(PlaceOrderHandler):
        pass

    assert (await mediator.send(PlaceOrder(sku="mug"), PlaceOrderHandler)).order_id == "mug-1"
    with pytest.raises(RequestHandlerTypeError, match=r"is not bound to .*Other"):
        await mediator.send(PlaceOrder(sku="mug"), Other)


async def test_a_handler_can_send_through_the_same_mediator() -> None:
    mediator: cqrs.RequestMediator

    async def outer(command: Plain) -> str:
        return (await mediator.send(PlaceOrder(sku=str(command.number)))).order_id

    def bind(request_map: cqrs.RequestMap) -> None:
        request_map.bind(Plain, outer)
        request_map.bind(PlaceOrder, PlaceOrderHandler)

    mediator = bootstrap(commands_mapper=bind)
    assert await mediator.send(Plain(7)) == "7-1"


async def test_a_shared_handler_does_not_emit_its_events_twice() -> None:
    seen: list[Any] = []

    class Happened(cqrs.DomainEvent):
        sku: str

    class Shared(PlaceOrderHandler):
        async def handle(self, request: PlaceOrder) -> Placed:
            self.record(Happened(sku=request.sku))
            return await super().handle(request)

    class Container:
        handler = Shared()

        def resolve(self, _: type) -> Any:
            return self.handler

    async def on_happened(event: Happened) -> None:
        seen.append(event.sku)

    emitter_map = cqrs.EventMap()
    emitter_map.bind(Happened, on_happened)
    request_map = cqrs.RequestMap()
    request_map.bind(PlaceOrder, Shared)
    mediator = cqrs.RequestMediator(request_map, Container(), cqrs.EventEmitter(emitter_map))
    for sku in "abc":
        await mediator.send(PlaceOrder(sku=sku))
    assert seen == ["a", "b", "c"]
