"""Step 5, from an outbox to a broker."""
