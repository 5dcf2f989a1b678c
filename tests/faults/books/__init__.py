"""A service that keeps books, killed at random moments: whatever the moment, its books balance afterwards.

`service.py` is the service, `killing.py` starts and kills it, `audit.py` looks at what it has left behind.
"""
