"""What a type checker expects of the answer does not change what it is."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, assert_type

import cqrs


class Order(cqrs.Response):
    number: int


class PlaceOrder(cqrs.Request[Order]):
    sku: str = ""


class CountOrders(cqrs.DCRequest[int]):
    pass


class Undeclared(cqrs.Request):
    pass


class Plain:
    pass


def show(text: str) -> None:
    pass


async def another_answer_is_refused(mediator: cqrs.RequestMediator) -> str:
    text: str = await mediator.send(PlaceOrder())  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    show(text)
    show(await mediator.send(CountOrders()))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return await mediator.send(PlaceOrder())  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


async def other_chunks_are_refused(mediator: cqrs.StreamingRequestMediator) -> AsyncIterator[str]:
    return mediator.stream(PlaceOrder())  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


async def a_wider_answer_may_be_expected(mediator: cqrs.RequestMediator) -> cqrs.Response:
    maybe: Order | None = await mediator.send(PlaceOrder())
    number: float = await mediator.send(CountOrders())
    show(f"{maybe} {number}")
    return await mediator.send(PlaceOrder())


async def anything_may_be_expected_where_nothing_is_declared(mediator: cqrs.RequestMediator) -> None:
    show(await mediator.send(Undeclared()))
    show(await mediator.send(Plain()))


async def answers_keep_their_types_on_the_way(mediator: cqrs.RequestMediator) -> None:
    assert_type(await asyncio.gather(mediator.send(PlaceOrder()), mediator.send(CountOrders())), tuple[Order, int])
    assert_type(await asyncio.gather(mediator.send(Plain()), mediator.send(CountOrders())), tuple[Any, int])
    assert_type(await asyncio.gather(*[mediator.send(PlaceOrder()) for _ in range(3)]), list[Order])
    assert_type(await asyncio.wait_for(mediator.send(CountOrders()), 3), int)
    assert_type(asyncio.create_task(mediator.send(CountOrders())), asyncio.Task[int])
    async with asyncio.TaskGroup() as tasks:
        counting = tasks.create_task(mediator.send(CountOrders()))
    assert_type(counting.result(), int)
