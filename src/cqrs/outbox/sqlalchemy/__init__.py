"""An outbox in a table of SQLite, PostgreSQL or MariaDB."""

from cqrs.outbox.sqlalchemy.model import OutboxModelMixin, outbox_model, rebind_outbox_model
from cqrs.outbox.sqlalchemy.repository import BinaryUUID, SqlAlchemyOutboxedEventRepository

__all__ = ["BinaryUUID", "OutboxModelMixin", "SqlAlchemyOutboxedEventRepository", "outbox_model", "rebind_outbox_model"]
