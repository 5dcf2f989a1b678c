"""Tasks and streams: which code belongs together, and blocks that an error leaves unchanged."""
