"""The suites that every back end of a port passes, ours or a stranger's; they need pytest and pytest-asyncio.

A back end subclasses the suite of its port and overrides one fixture. What it cannot guarantee it declares in a
``Features`` value, and the suite holds it to that too.
"""
