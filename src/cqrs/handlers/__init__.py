"""Steps 2 and 3 of the flow: what handlers of requests, streams and events have in common."""
