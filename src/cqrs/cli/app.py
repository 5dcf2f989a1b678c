"""``python -m cqrs``."""

from __future__ import annotations

import typer

from cqrs.cli import db, outbox, parked

# Pretty tracebacks show the values of variables, such as passwords.
app = typer.Typer(name="cqrs", help="Commands of cqrskit.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(db.app, name="db")
app.add_typer(outbox.app, name="outbox")
app.add_typer(parked.app, name="parked")
