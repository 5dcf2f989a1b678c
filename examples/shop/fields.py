"""The fields that several messages share, with what is valid in them."""

from typing import Annotated

from pydantic import Field, StringConstraints

# What SQLite can store; a larger number is nobody's order.
OrderId = Annotated[int, Field(gt=0, lt=2**63)]
Customer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Sku = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=20)]
Quantity = Annotated[int, Field(gt=0, le=1000)]
