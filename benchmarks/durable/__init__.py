"""Durable messaging on a real PostgreSQL: outbox, relay and inbox, by the clock on the wall."""
