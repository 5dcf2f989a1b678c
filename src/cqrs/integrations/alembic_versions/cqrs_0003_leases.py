"""Step leases/0001_leases of the migrations."""

from __future__ import annotations

from cqrs.integrations.alembic import ways_of

revision = "cqrs_0003"
down_revision = "cqrs_0002"
branch_labels = None
depends_on = None

upgrade, downgrade = ways_of("leases", 1)
