"""Leases in tables of SQLite, PostgreSQL or MariaDB."""

from cqrs.leases.sqlalchemy.store import SqlAlchemyLeaseStore
from cqrs.leases.sqlalchemy.tables import LeaseTables, lease_tables

__all__ = ["LeaseTables", "SqlAlchemyLeaseStore", "lease_tables"]
