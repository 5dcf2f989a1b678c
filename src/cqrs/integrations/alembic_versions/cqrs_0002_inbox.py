"""Step inbox/0001_inbox of the migrations."""

from __future__ import annotations

from cqrs.integrations.alembic import ways_of

revision = "cqrs_0002"
down_revision = "cqrs_0001"
branch_labels = None
depends_on = None

upgrade, downgrade = ways_of("inbox", 1)
