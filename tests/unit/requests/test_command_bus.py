from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import cqrs
from cqrs.errors import RequestHandlerDoesNotExist, WiringError


@dataclasses.dataclass
class CreateProduct:
    name: str


@dataclasses.dataclass
class UpdatePrice:
    price: int


class ProductCommandHandler:
    def __init__(self) -> None:
        self.products: list[str] = []

    async def handle_create_product(self, command: CreateProduct) -> str:
        self.products.append(command.name)
        return f"product-{len(self.products)}"


async def test_a_command_goes_to_the_method_registered_for_it() -> None:
    handler, bus = ProductCommandHandler(), cqrs.CommandBus()
    bus.register(CreateProduct, handler.handle_create_product)
    assert await bus.dispatch(CreateProduct("mug")) == "product-1"
    assert handler.products == ["mug"]


async def test_commands_can_be_registered_after_the_first_dispatch() -> None:
    bus = cqrs.CommandBus()

    async def update(command: UpdatePrice) -> int:
        return command.price

    with pytest.raises(ValueError, match="No handler for UpdatePrice") as caught:
        await bus.dispatch(UpdatePrice(3))
    assert isinstance(caught.value, RequestHandlerDoesNotExist)
    bus.register(UpdatePrice, update)
    assert await bus.dispatch(UpdatePrice(3)) == 3


async def test_a_second_handler_is_refused_and_the_first_stays() -> None:
    bus = cqrs.CommandBus()

    async def first(_: UpdatePrice) -> str:
        return "first"

    async def second(_: UpdatePrice) -> str:
        return "second"

    bus.register(UpdatePrice, first)
    bus.register(UpdatePrice, first)
    with pytest.raises(WiringError, match=r"first and to .*second"):
        bus.register(UpdatePrice, second)
    assert await bus.dispatch(UpdatePrice(1)) == "first"
    bus.register(CreateProduct, ProductCommandHandler().handle_create_product)


def test_a_handler_that_cannot_work_is_refused_when_it_is_registered() -> None:
    def not_async(_: CreateProduct) -> None: ...

    with pytest.raises(WiringError, match="not an async function"):
        cqrs.CommandBus().register(CreateProduct, not_async)


async def test_middlewares_wrap_and_the_container_injects() -> None:
    seen: list[Any] = []

    class Clock:
        now = 12

    async def update(command: UpdatePrice, clock: Clock) -> int:
        return command.price + clock.now

    async def middleware(command: Any, handle: Any) -> Any:
        seen.append(command)
        return await handle(command)

    update.__annotations__["clock"] = Clock
    bus = cqrs.CommandBus(cqrs.Resolver(), [middleware])
    bus.register(UpdatePrice, update)
    assert await bus.dispatch(UpdatePrice(3)) == 15
    assert seen == [UpdatePrice(3)]
