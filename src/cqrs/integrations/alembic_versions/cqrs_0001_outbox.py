"""The first tables of outbox."""

from __future__ import annotations

from cqrs.integrations.alembic import apply, undo

revision = "cqrs_0001"
down_revision = None
branch_labels = ("cqrs",)
depends_on = None


def upgrade() -> None:
    """Make them."""
    apply("outbox", 1)


def downgrade() -> None:
    """Drop them with all that is in them."""
    undo("outbox", 1)
