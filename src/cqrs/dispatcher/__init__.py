"""Step 2 of the flow: finds the handler of a message, and runs it within a request scope and the middlewares."""
