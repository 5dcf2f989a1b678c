"""Step 5: the relays send the messages of an outbox to a broker."""
