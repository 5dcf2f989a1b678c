"""Step 4: units of work: one transaction around everything that a turn writes (business rows, outbox, inbox)."""

from cqrs.unit_of_work.memory import MemoryUnitOfWork
from cqrs.unit_of_work.protocol import UnitOfWork
from cqrs.unit_of_work.stack import current_unit_of_work

__all__ = ["MemoryUnitOfWork", "UnitOfWork", "current_unit_of_work"]
