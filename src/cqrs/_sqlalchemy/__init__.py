"""What the adapters on SQLAlchemy share."""
