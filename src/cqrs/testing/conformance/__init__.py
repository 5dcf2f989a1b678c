"""Test suites that each back end of a port has to pass: those of this package and your own.

To test a back end, subclass the suite of its port and override the fixture ``backend``. If a guarantee is optional,
the back end declares in a ``Features`` value whether it gives it, and the suite tests or skips accordingly. The suites
need pytest and pytest-asyncio.
"""
