"""Step outbox/0001_outbox of the migrations."""

from __future__ import annotations

from cqrs.integrations.alembic import ways_of

revision = "cqrs_0001"
down_revision = None
branch_labels = ("cqrs",)
depends_on = None

upgrade, downgrade = ways_of("outbox", 1)
