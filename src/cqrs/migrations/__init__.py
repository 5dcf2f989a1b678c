"""The tables of this package, made and changed by numbered migrations.

The command ``python -m cqrs db`` and the branch for Alembic, :mod:`cqrs.integrations.alembic`, run the same statements.
"""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
    from cqrs.migrations.checking import check
    from cqrs.migrations.engine import downgrade, sql, upgrade

__all__ = ["check", "downgrade", "sql", "upgrade"]

_NAMES_IN = {
    "cqrs.migrations.checking": ("check",),
    "cqrs.migrations.engine": ("downgrade", "sql", "upgrade"),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
