"""How much a customer may owe the shop."""

from examples.shop.domain.errors import CreditExceeded

CREDIT_LIMIT_CENTS = 500_00


def require_credit(customer: str, owed_cents: int) -> None:
    """Raises ``CreditExceeded`` if ``owed_cents`` is more than the shop lends."""
    if owed_cents > CREDIT_LIMIT_CENTS:
        raise CreditExceeded(customer, owed_cents, CREDIT_LIMIT_CENTS)
