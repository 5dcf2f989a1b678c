"""The tables of outbox, inbox, leases and log, made and changed by numbered migrations.

Beside these functions there are a command, ``python -m cqrs db``, and a branch for Alembic,
:mod:`cqrs.integrations.alembic`. All run the same statements.
"""

from cqrs._sqlalchemy.migrate import downgrade, sql, upgrade
from cqrs._sqlalchemy.migration_check import check

__all__ = ["check", "downgrade", "sql", "upgrade"]
