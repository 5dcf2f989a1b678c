"""Step log/0001_log of the migrations."""

from __future__ import annotations

from cqrs.integrations.alembic import ways_of

revision = "cqrs_0004"
down_revision = "cqrs_0003"
branch_labels = None
depends_on = None

upgrade, downgrade = ways_of("log", 1)
