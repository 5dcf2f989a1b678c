"""``make demo``, first part: orders go from shop to warehouse while the relay between them fails or is killed.

``BROKER=kafka DB=postgresql`` runs it on real servers, found or installed as for the tests. The exit code is 0 if every
order has exactly one reservation.
"""

import asyncio
import os
import sys

from sqlalchemy import func, select

import cqrs
from cqrs.message_brokers.source import MessageSource
from examples.delivery.logs import show_logs
from examples.delivery.messages import Order
from examples.delivery.shop import OrderRow, PlaceOrder, open_shop, shop_database
from examples.delivery.stage import Distributed, Embedded, stage
from examples.delivery.warehouse import Reservation, warehouse_database

ORDERS = 200
CUSTOMERS = 12
TIME_LIMIT = 120.0


async def show(scene: Embedded | Distributed) -> bool:
    """Play it; returns whether each order has one reservation."""
    print(f"\nShop and warehouse: {scene.what}")
    async with shop_database(scene.shop) as shop, warehouse_database(scene.warehouse) as warehouse:
        for database in (shop, warehouse):
            await database.upgrade()
            await database.create_all()
        arrived = await _play(scene, open_shop(shop), warehouse)
        return await _holds(shop, warehouse, arrived)


async def _play(scene: Embedded | Distributed, mediator: cqrs.RequestMediator, warehouse: cqrs.Database) -> int:
    """Place all orders; returns how many messages went through the broker."""

    async def place(first: int, last: int) -> None:
        for number in range(first, last):
            order = Order(number=number, customer=f"customer-{number % CUSTOMERS}", sku="tea")
            await mediator.send(PlaceOrder(order=order))

    async with scene.source("audit") as audit, scene.workers("warehouse"):
        await place(1, ORDERS // 2 + 1)
        print(f"  {ORDERS // 2} orders are placed; their messages wait in the outbox, for no relay runs yet")
        async with scene.relay_that_dies():
            await place(ORDERS // 2 + 1, ORDERS + 1)
        print(f"  {ORDERS} orders are placed; {scene.fate}")
        async with scene.workers("relay"):
            await _until_reserved(warehouse)
        return await _arrived(audit)


async def _holds(shop: cqrs.Database, warehouse: cqrs.Database, arrived: int) -> bool:
    """Tell what is in the databases, and whether it is what was promised."""
    customers: dict[str, list[int]] = {}
    async with shop.transaction(read_only=True) as session:
        placed = (await session.scalars(select(func.count()).select_from(OrderRow))).one()
    async with warehouse.transaction(read_only=True) as session:
        for reservation in await session.scalars(select(Reservation).order_by(Reservation.id)):
            customers.setdefault(reservation.customer, []).append(reservation.order_number)
    reserved = [number for numbers in customers.values() for number in numbers]
    different = set(reserved)
    in_order = all(numbers == sorted(numbers) for numbers in customers.values())
    order = "each customer's in the order of placing" if in_order else "NOT IN THE ORDER OF PLACING"
    print(f"  {arrived} messages went through the broker, {arrived - placed} of them a second time: that batch")
    print(f"  {placed} orders, {len(reserved)} reservations for {len(different)} different orders, {order}")
    return placed == len(reserved) == len(different) == ORDERS and in_order


async def _until_reserved(warehouse: cqrs.Database) -> None:
    count = 0
    while count < ORDERS:
        await asyncio.sleep(0.1)
        async with warehouse.transaction(read_only=True) as session:
            count = (await session.scalars(select(func.count(Reservation.order_number.distinct())))).one()


async def _arrived(audit: MessageSource) -> int:
    """How many messages the broker has delivered, seen by a group of its own."""
    count = 0
    while deliveries := await audit.receive(timeout=1.0 if count else 5.0):
        count += len(deliveries)
        for delivery in deliveries:
            await delivery.ack()
    return count


async def main() -> bool:
    """Run the demo on what the environment asks for."""
    async with asyncio.timeout(TIME_LIMIT), stage(os.environ.get("BROKER", ""), os.environ.get("DB", "")) as scene:
        return await show(scene)


if __name__ == "__main__":
    show_logs()
    held = asyncio.run(main())
    print("  nothing was lost, nothing was done twice" if held else "  THIS IS NOT WHAT WAS PROMISED")
    sys.exit(0 if held else 1)
