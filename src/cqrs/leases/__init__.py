"""Leases: shares of the work that one worker at a time holds, for a time and with a fence.

``cqrs.leases.sqlalchemy`` keeps them in a database.
"""

from cqrs.leases.memory import MemoryLeaseStore
from cqrs.leases.protocol import Holding, LeaseStore

__all__ = ["Holding", "LeaseStore", "MemoryLeaseStore"]
