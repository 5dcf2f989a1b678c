"""Meetings over HTTP: routes that hand commands and queries to a mediator, and errors that become statuses.

``python -m examples.fastapi_app`` serves the application on a free port, calls it, and prints::

    PUT /meetings/7/ada -> 200 {"result":"ok"}
    PUT /meetings/7/bob -> 200 {"result":"ok"}
    PUT /meetings/7/eve -> 409 {"type":"about:blank","title":"The meeting is full","status":409}
    GET /meetings/7 -> 200 {"meeting_id":7,"members":["ada","bob"]}
    GET /meetings/8 -> 404 {"type":"about:blank","title":"Not Found","status":404}
    PUT /meetings/0/ada -> 422, refused by FastAPI before any handler

Read ``meetings`` first: it knows nothing of HTTP. Then ``app``, which ``uvicorn examples.fastapi_app.app:app`` serves.
"""
