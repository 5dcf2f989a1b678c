"""What every way to pay has in common."""

import abc

import cqrs
from examples.shop.commands import Payment, PayOrder
from examples.shop.domain.order import Order
from examples.shop.events import OrderSettled
from examples.shop.payments.charge import Charge
from examples.shop.store.orders import Orders


class PaymentStep(cqrs.CORRequestHandler[PayOrder, Payment]):
    """A member of the chain: settles the orders it accepts, and passes on all others.

    The command holds SQLite's one right to write while the money moves, so nobody can pay the same order twice.
    """

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    @abc.abstractmethod
    def accepts(self, request: PayOrder) -> bool:
        """Whether this is the way the customer chose."""

    @abc.abstractmethod
    async def charge(self, order: Order) -> Charge:
        """Get the money, or the promise of it."""

    async def handle(self, request: PayOrder) -> Payment | None:
        """Settle the order. Raises ``UnknownOrder`` or ``AlreadyPaid``, and what :meth:`charge` raises."""
        if not self.accepts(request):
            return await self.next(request)
        order = await self._orders.get(request.order_id)
        order.require_unpaid()
        charge = await self.charge(order)
        payment = Payment(
            order_id=order.id, method=request.method, reference=charge.reference, captured=charge.captured
        )
        await self._orders.settle(payment)
        self.record(OrderSettled(order_id=order.id, method=payment.method, captured=payment.captured))
        return payment
