"""The established path of ``PostgresLogOutboxedEventRepository``, which is in :mod:`cqrs.outbox.log.repository`."""

from cqrs.outbox.log.repository import PostgresLogOutboxedEventRepository

__all__ = ["PostgresLogOutboxedEventRepository"]
