"""The established path of ``PostgresLog``, which is in :mod:`cqrs.outbox.log.postgresql`."""

from cqrs.outbox.log.postgresql import PostgresLog

__all__ = ["PostgresLog"]
