"""Step 2 and 3 of the flow: what all handlers have in common, of requests, streams and events."""
