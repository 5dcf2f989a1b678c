"""Containers that report a change, and caches of what was computed from them."""
