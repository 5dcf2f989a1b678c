"""The first tables of leases."""

from __future__ import annotations

from cqrs.integrations.alembic import apply, undo

revision = "cqrs_0003"
down_revision = "cqrs_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    apply("leases", 1)


def downgrade() -> None:
    """Drop them with all that is in them."""
    undo("leases", 1)
