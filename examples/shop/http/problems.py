"""Says no over HTTP: each kind of error has its status, and the text of the error is for the customer to read."""

import re
from collections.abc import Callable
from typing import Any

from cqrs.integrations.fastapi import Problem
from examples.shop.domain.errors import CardDeclined, Conflict, NotFound, ShopError


def _with(status: int) -> Callable[[ShopError], Problem]:
    def problem(error: ShopError) -> Problem:
        words = re.findall("[A-Z][a-z]+", type(error).__name__)
        kind = "-".join(words).lower()
        return Problem(status, title=" ".join(words).capitalize(), detail=str(error), type=f"urn:tea-shop:{kind}")

    return problem


PROBLEMS: dict[type[Exception], Callable[[Any], Problem]] = {
    NotFound: _with(404),
    Conflict: _with(409),
    CardDeclined: _with(402),
    ShopError: _with(400),
}
