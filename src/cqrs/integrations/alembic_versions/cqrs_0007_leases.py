"""Step leases/0002_exact_text of the migrations."""

from __future__ import annotations

from cqrs.integrations.alembic import ways_of

revision = "cqrs_0007"
down_revision = "cqrs_0006"
branch_labels = None
depends_on = None

upgrade, downgrade = ways_of("leases", 2)
