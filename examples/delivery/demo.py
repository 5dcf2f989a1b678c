"""``make demo``, first part: orders go from shop to warehouse while the relay between them fails or is killed.

``BROKER=kafka DB=postgresql`` runs it on real servers, found or installed as for the tests. The exit code is 0 if every
order has exactly one reservation.
"""

import asyncio
import os
import sys

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from cqrs.message_brokers.source import MessageSource
from cqrs.migrations import upgrade
from examples.delivery.logs import show_logs
from examples.delivery.messages import Order
from examples.delivery.shop import OrderRow, PlaceOrder, ShopBase, open_shop
from examples.delivery.stage import Distributed, Embedded, stage
from examples.delivery.warehouse import Reservation, WarehouseBase

ORDERS = 200
CUSTOMERS = 12
TIME_LIMIT = 120.0


async def show(scene: Embedded | Distributed) -> bool:
    """Play it; returns whether each order has one reservation."""
    print(f"\nShop and warehouse: {scene.what}")
    shop, warehouse = create_async_engine(scene.shop), create_async_engine(scene.warehouse)
    for engine, base in ((shop, ShopBase), (warehouse, WarehouseBase)):
        await upgrade(engine)
        async with engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
    mediator = open_shop(async_sessionmaker(shop, expire_on_commit=False))

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
        arrived = await _arrived(audit)
    customers = await _customers(warehouse)
    async with shop.connect() as connection:
        placed = (await connection.execute(select(func.count()).select_from(OrderRow))).scalar_one()
    async with warehouse.connect() as connection:
        distinct = func.count(Reservation.order_number.distinct())
        reserved, different = (await connection.execute(select(func.count(), distinct))).one()
    await shop.dispose()
    await warehouse.dispose()
    in_order = all(numbers == sorted(numbers) for numbers in customers.values())
    order = "each customer's in the order of placing" if in_order else "NOT IN THE ORDER OF PLACING"
    print(f"  {arrived} messages went through the broker, {arrived - placed} of them a second time: that batch")
    print(f"  {placed} orders, {reserved} reservations for {different} different orders, {order}")
    return placed == reserved == different == ORDERS and in_order


async def _until_reserved(warehouse: AsyncEngine) -> None:
    count = 0
    while count < ORDERS:
        await asyncio.sleep(0.1)
        async with warehouse.connect() as connection:
            query = select(func.count(Reservation.order_number.distinct()))
            count = (await connection.execute(query)).scalar_one()


async def _customers(warehouse: AsyncEngine) -> dict[str, list[int]]:
    """The orders of each customer, in the order of their reservations."""
    found: dict[str, list[int]] = {}
    async with warehouse.connect() as connection:
        query = select(Reservation.customer, Reservation.order_number).order_by(Reservation.id)
        for customer, number in await connection.execute(query):
            found.setdefault(customer, []).append(number)
    return found


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
