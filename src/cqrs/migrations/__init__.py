"""The tables of outbox, inbox, leases and log, made and changed by numbered migrations.

Beside these functions there are a command, ``python -m cqrs db``, and a branch for Alembic,
:mod:`cqrs.integrations.alembic`. All run the same statements.
"""

from cqrs.migrations.check import check
from cqrs.migrations.engine import downgrade, sql, upgrade

__all__ = ["check", "downgrade", "sql", "upgrade"]
