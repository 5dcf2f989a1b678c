"""A card terminal that can be switched off: it stands in for the service of a bank."""

from examples.shop.domain.errors import CardDeclined

CARD_LIMIT_CENTS = 300_00


class TerminalDown(ConnectionError):
    """Nobody answers."""


class CardTerminal:
    """Charges cards while it is up; every card has the same limit."""

    def __init__(self) -> None:
        self.up = True
        self.calls = 0
        self._receipts: dict[int, str] = {}

    async def charge(self, order_id: int, cents: int) -> str:
        """The number of the receipt. Raises ``TerminalDown`` or ``CardDeclined``.

        Asked again for an order that it has charged, it gives the same receipt and takes no money: a payment that was
        cut off half-way can be repeated.
        """
        self.calls += 1
        if not self.up:
            raise TerminalDown("The card terminal does not answer.")
        if cents > CARD_LIMIT_CENTS:
            raise CardDeclined(cents)
        return self._receipts.setdefault(order_id, f"receipt-{len(self._receipts) + 1:04}")
