"""Different texts differ in the tables of leases: a collation for MariaDB."""

from __future__ import annotations

from cqrs.integrations.alembic import apply, undo

revision = "cqrs_0007"
down_revision = "cqrs_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change it."""
    apply("leases", 2)


def downgrade() -> None:
    """Nothing is changed back: two texts that differ now might not then."""
    undo("leases", 2)
