"""Step 4: units of work on SQLAlchemy: the unit, its session, and guards against transactions that bypass it."""
