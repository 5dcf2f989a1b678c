"""Wake-ups: hints that there is work, so that a worker need not wait for its next look."""
