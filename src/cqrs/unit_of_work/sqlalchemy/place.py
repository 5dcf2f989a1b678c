"""Step 4, which database a unit of work is over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
    from sqlalchemy.engine import Dialect


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One database: what is reached through one engine."""

    dialect: Dialect
    url: URL = dataclasses.field(compare=False)

    def is_reached_by(self, engine: Engine) -> bool:
        """Whether ``engine`` leads to the same database, be it another engine with the same address."""
        if engine.dialect is self.dialect:
            return True
        in_memory = self.dialect.name == "sqlite" and self.url.database in {None, "", ":memory:"}  # one for each engine
        return engine.url == self.url and not in_memory
