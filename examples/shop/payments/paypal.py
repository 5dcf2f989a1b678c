"""PayPal: the second member of the chain."""

from examples.shop.commands import PayOrder
from examples.shop.domain.order import Order
from examples.shop.payments.charge import Charge
from examples.shop.payments.step import PaymentStep


class PayPalPayment(PaymentStep):
    """Takes the money from a PayPal account; here it always has enough."""

    def accepts(self, request: PayOrder) -> bool:
        """Whether the customer pays with PayPal."""
        return request.method == "paypal"

    async def charge(self, order: Order) -> Charge:
        """The money is there at once."""
        return Charge(reference=f"paypal-{order.id}", captured=True)
