"""Step 4: identifies the database of a unit of work."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from cqrs._sqlalchemy.schemas import schema_of

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
    from sqlalchemy.engine import Dialect


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One database, or one schema of it: what is reached through one engine."""

    dialect: Dialect
    schema: str | None
    url: URL = dataclasses.field(compare=False, repr=False)  # its options may hold a password

    @classmethod
    def of(cls, engine: Engine) -> Self:
        """Return the place of ``engine``."""
        return cls(engine.dialect, schema_of(engine), engine.url)

    def is_reached_by(self, engine: Engine) -> bool:
        """Whether ``engine`` leads to the same tables, also if it is another engine with the same address."""
        if schema_of(engine) not in {None, self.schema}:
            return False
        return engine.dialect is self.dialect or engine.url == self.url
