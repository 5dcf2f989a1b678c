"""A small tea shop over HTTP: the code of a service, on SQLite and FastAPI. ``make demo`` opens it and shows it round.

Read it in this order:

1. ``commands.py``, ``queries.py``, ``events.py``: what can be asked, and what happens
2. ``domain/``: what the shop knows about selling
3. ``handlers/``: who answers
4. ``read_model/``: the list of orders, which the handlers of events keep up to date
5. ``payments/``: a chain of responsibility, with a stand-in behind a circuit breaker
6. ``store/``: SQLite; every turn is one transaction, and nobody opens it
7. ``wiring.py``: who answers what
8. ``http/``: the routes

``tour/`` is the scripted client of ``demo.py`` and no part of the service.
"""
