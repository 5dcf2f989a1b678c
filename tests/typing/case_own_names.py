"""Parameters that the package passes by position may be called anything."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import cqrs
from cqrs.requests.bootstrap import bootstrap


class Order(cqrs.Response):
    pass


class PlaceOrder(cqrs.Request[Order]):
    pass


class Paid(cqrs.DomainEvent):
    pass


class PlaceOrderHandler(cqrs.RequestHandler[PlaceOrder, Order]):
    async def handle(self, command: PlaceOrder) -> Order:
        return Order()


class WatchOrders(cqrs.StreamingRequestHandler[PlaceOrder, Order]):
    async def handle(self, query: PlaceOrder) -> AsyncIterator[Order]:
        yield Order()


class Member(cqrs.CORRequestHandler[PlaceOrder, Order]):
    async def handle(self, command: PlaceOrder) -> Order | None:
        return await self.next(command)


class OnPaid(cqrs.EventHandler[Paid]):
    async def handle(self, paid: Paid) -> None:
        pass


class OtherMessage(cqrs.RequestHandler[PlaceOrder, Order]):
    async def handle(self, command: Paid) -> Order:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return Order()


async def timed(message: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
    return await call_next(message)


class Tracing:
    async def __call__(self, message: object, call_next: Callable[[object], Awaitable[object]]) -> object:
        return await call_next(message)


def not_async(message: Any, call_next: Any) -> int:
    return 1


bootstrap(middlewares=[timed, Tracing()])
bootstrap(middlewares=[not_async])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
