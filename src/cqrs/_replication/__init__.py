"""The log of a PostgreSQL server, read by logical replication."""
