"""The kit for everything that stores in a database by SQLAlchemy; it knows no topic."""
