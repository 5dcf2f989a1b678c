"""Reads a file of orders. What it makes of a line is a ``PlaceOrder``, or the reason why not."""

import csv
import io
from typing import Any

from pydantic import ValidationError

from examples.shop.commands import PlaceOrder
from examples.shop.domain.errors import UnreadableFile

COLUMNS = {"customer", "sku", "quantity"}


def read_lines(text: str) -> list[tuple[int, dict[Any, Any]]]:
    """The lines below the heading, each with its number. Raises ``UnreadableFile``."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = COLUMNS - set(reader.fieldnames or ())
        lines = [(reader.line_num, line) for line in reader]
    except csv.Error as error:
        raise UnreadableFile(str(error)) from error
    if missing:
        raise UnreadableFile(f"it has no column {', '.join(sorted(missing))}")
    return lines


def order_of(line: dict[Any, Any]) -> PlaceOrder:
    """The order in one line. Raises ``ValidationError``."""
    filled = {column: value for column, value in line.items() if value}
    customer = filled.pop("customer", "")
    return PlaceOrder.model_validate({"customer": customer, "items": [filled]})


def explained(error: ValidationError) -> str:
    """The first thing that is wrong with a line."""
    first = error.errors()[0]
    return f"{first['loc'][-1]}: {first['msg']}."
