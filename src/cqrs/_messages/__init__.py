"""The common base of requests, responses and events, and the limits of what can be sent."""
