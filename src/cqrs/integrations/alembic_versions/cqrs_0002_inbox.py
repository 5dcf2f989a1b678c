"""The first tables of inbox."""

from __future__ import annotations

from cqrs.integrations.alembic import apply, undo

revision = "cqrs_0002"
down_revision = "cqrs_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    apply("inbox", 1)


def downgrade() -> None:
    """Drop them with all that is in them."""
    undo("inbox", 1)
