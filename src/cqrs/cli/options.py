"""The arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

VARIABLE = "CQRS_DATABASE_URL"
LARGEST = 2**63 - 1  # the largest integer of a database

Address = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        envvar=VARIABLE,
        show_default=False,
        help="The database, such as postgresql://user:password@host/name. Other users of the machine can "
        "read arguments: put an address with a password into the variable.",
    ),
]
OutboxTable = Annotated[
    str | None, typer.Option(help="The table of the outbox; by default OUTBOX_SQLA_TABLE or `outbox`.")
]
InboxTable = Annotated[str | None, typer.Option(help="The table of the inbox; by default `inbox`.")]
Schema = Annotated[str | None, typer.Option(help="The schema of the tables, on PostgreSQL.")]
Limit = Annotated[int, typer.Option(min=1, max=LARGEST, help="How many at most.")]
After = Annotated[int, typer.Option(min=0, max=LARGEST, help="After the message with this number: the next page.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
