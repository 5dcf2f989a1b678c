"""Orders over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, UploadFile, status

from cqrs.integrations.fastapi import EventStream, sse
from examples.shop.commands import ImportOrders, Payment, PayOrder, PlacedOrder, PlaceOrder
from examples.shop.fields import OrderId
from examples.shop.http.dependencies import Mediator, Streams
from examples.shop.queries import ListedOrder, ListOrders, OrderList, ShowOrder

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", status_code=status.HTTP_201_CREATED)
async def place_order(command: PlaceOrder, mediator: Mediator) -> PlacedOrder:
    """Place an order."""
    return await mediator.send(command)


@router.post("/import")
async def import_orders(file: UploadFile, streams: Streams) -> EventStream:
    """Place the orders of a CSV file with the columns customer, sku and quantity; one event for each line."""
    text = (await file.read()).decode("utf-8-sig", errors="replace")
    return sse(streams.stream(ImportOrders(csv=text)))


@router.get("")
async def list_orders(query: Annotated[ListOrders, Query()], mediator: Mediator) -> OrderList:
    """The newest orders."""
    return await mediator.send(query)


@router.get("/{order_id}")
async def show_order(order_id: Annotated[OrderId, Path()], mediator: Mediator) -> ListedOrder:
    """One order."""
    return await mediator.send(ShowOrder(order_id=order_id))


@router.post("/{order_id}/payment")
async def pay_order(
    order_id: Annotated[OrderId, Path()],
    method: Annotated[Literal["card", "paypal", "invoice"], Body(embed=True)],
    mediator: Mediator,
) -> Payment:
    """Pay by card, with PayPal, or on invoice."""
    return await mediator.send(PayOrder(order_id=order_id, method=method))
