"""Asking a card for money: a request to the world outside, which touches no database."""

import cqrs


class Charge(cqrs.Response):
    """What became of it: ``captured`` money, or the promise that it will come."""

    reference: str
    captured: bool


class ChargeCard(cqrs.Request[Charge]):
    """Take this amount from the card of the customer, for this order."""

    order_id: int
    cents: int
