"""Different texts differ in the tables of inbox: a collation for MariaDB."""

from __future__ import annotations

from cqrs.integrations.alembic import apply, undo

revision = "cqrs_0006"
down_revision = "cqrs_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change it."""
    apply("inbox", 2)


def downgrade() -> None:
    """Nothing is changed back: two texts that differ now might not then."""
    undo("inbox", 2)
