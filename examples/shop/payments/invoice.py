"""The invoice: the last member of the chain, which takes whatever is left."""

from examples.shop.commands import PayOrder
from examples.shop.domain.order import Order
from examples.shop.payments.charge import Charge
from examples.shop.payments.step import PaymentStep


class InvoicePayment(PaymentStep):
    """Sends an invoice."""

    def accepts(self, request: PayOrder) -> bool:
        """It is the default: it accepts whatever the others passed on."""
        del request
        return True

    async def charge(self, order: Order) -> Charge:
        """The customer promises to pay."""
        return Charge(reference=f"invoice-{order.id}", captured=False)
