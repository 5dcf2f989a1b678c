"""An inbox in tables of SQLite, PostgreSQL or MariaDB."""

from cqrs.inbox.sqlalchemy.repository import SqlAlchemyInboxRepository
from cqrs.inbox.sqlalchemy.tables import InboxTables, inbox_tables

__all__ = ["InboxTables", "SqlAlchemyInboxRepository", "inbox_tables"]
