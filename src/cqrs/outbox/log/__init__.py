"""An outbox without a table: messages stand in the log of the database, where a relay reads them."""

from cqrs.outbox.log.protocol import Diversion, Diverted, LogBatch, LoggedMessage, LogPosition, OutboxLog

__all__ = ["Diversion", "Diverted", "LogBatch", "LogPosition", "LoggedMessage", "OutboxLog"]
