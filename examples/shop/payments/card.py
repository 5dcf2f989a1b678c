"""The card: the first member of the chain."""

import asyncio

import cqrs
from examples.shop.commands import PayOrder
from examples.shop.domain.order import Order
from examples.shop.payments.charge import Charge, ChargeCard
from examples.shop.payments.step import PaymentStep
from examples.shop.payments.terminal import CardTerminal
from examples.shop.store.orders import Orders

# Seconds. Whoever else wants to write waits meanwhile, so it is short.
PATIENCE = 2.0


class CardPayment(PaymentStep):
    """Charges the card, through the mediator: what answers ``ChargeCard`` on a bad day is decided in ``wiring``."""

    def __init__(self, orders: Orders, mediator: cqrs.RequestMediator) -> None:
        super().__init__(orders)
        self._mediator = mediator

    def accepts(self, request: PayOrder) -> bool:
        """Whether the customer pays by card."""
        return request.method == "card"

    async def charge(self, order: Order) -> Charge:
        """Charge the card. Raises ``CardDeclined``."""
        return await self._mediator.send(ChargeCard(order_id=order.id, cents=order.total_cents))


async def charge_at_terminal(request: ChargeCard, terminal: CardTerminal) -> Charge:
    """The first choice: ask the terminal. Raises ``CardDeclined``, ``TerminalDown`` or ``TimeoutError``."""
    async with asyncio.timeout(PATIENCE):
        reference = await terminal.charge(request.order_id, request.cents)
    return Charge(reference=reference, captured=True)


async def charge_later(request: ChargeCard) -> Charge:
    """The stand-in: the customer signs a slip, and the card is charged when the terminal is back."""
    return Charge(reference=f"slip-{request.order_id}", captured=False)
