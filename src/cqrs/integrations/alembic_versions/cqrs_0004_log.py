"""The first table of the log, which only PostgreSQL has."""

from __future__ import annotations

from cqrs.integrations.alembic import apply, undo

revision = "cqrs_0004"
down_revision = "cqrs_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    apply("log", 1)


def downgrade() -> None:
    """Drop it with all that is in it."""
    undo("log", 1)
