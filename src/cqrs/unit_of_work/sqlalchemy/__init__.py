"""Step 4, units of work on SQLAlchemy: the session, the unit, and what keeps others from coming between them."""
