"""Step 2 of the flow: finds what answers a message, and runs it within scope and middlewares."""
