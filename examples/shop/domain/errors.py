"""Everything the shop says no to. The texts are written for the customer.

ShopError
├── NotFound             there is no such thing
│   ├── UnknownOrder
│   └── UnknownProduct
├── Conflict             it exists, and what was asked does not go together with it
│   ├── SoldOut
│   ├── AlreadyPaid
│   └── CreditExceeded
├── CardDeclined         the bank said no
└── UnreadableFile       it is no file of orders
"""

from examples.shop.domain.money import euros


class ShopError(Exception):
    """The root: a request that the shop understood, and turns down."""


class NotFound(ShopError):
    """There is no such thing."""


class UnknownOrder(NotFound):
    """Nobody placed this order."""

    def __init__(self, order_id: int) -> None:
        self.order_id = order_id
        super().__init__(f"There is no order {order_id}.")


class UnknownProduct(NotFound):
    """The catalogue does not have it."""

    def __init__(self, sku: str) -> None:
        self.sku = sku
        super().__init__(f"We do not sell {sku!r}.")


class Conflict(ShopError):
    """It exists, and what was asked does not go together with it."""


class SoldOut(Conflict):
    """Fewer in stock than were asked for."""

    def __init__(self, name: str, left: int) -> None:
        self.name = name
        self.left = left
        super().__init__(f"{name}: only {left} left." if left else f"{name} is sold out.")


class AlreadyPaid(Conflict):
    """An order is paid once."""

    def __init__(self, order_id: int) -> None:
        self.order_id = order_id
        super().__init__(f"Order {order_id} is paid already.")


class CreditExceeded(Conflict):
    """The customer would owe the shop more than it lends."""

    def __init__(self, customer: str, owed_cents: int, limit_cents: int) -> None:
        self.customer = customer
        self.owed_cents = owed_cents
        self.limit_cents = limit_cents
        super().__init__(f"{customer} would owe {euros(owed_cents)}; we lend {euros(limit_cents)}.")


class CardDeclined(ShopError):
    """The bank said no."""

    def __init__(self, cents: int) -> None:
        self.cents = cents
        super().__init__(f"The card was declined for {euros(cents)}. Try another way to pay.")


class UnreadableFile(ShopError):
    """It is no file of orders."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"The file cannot be read: {why}.")
