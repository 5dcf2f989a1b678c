"""``python -m cqrs outbox``: shows the messages of an outbox. It changes nothing, and shows no body and no header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cqrs.cli.options import Address, After, Limit, OutboxTable, Schema  # noqa: TC001  # Typer reads them
from cqrs.cli.running import on_database, say
from cqrs.outbox.peeked import MessageState  # noqa: TC001  # Typer reads it

if TYPE_CHECKING:
    from cqrs.assembly.database import Database

app = typer.Typer(help="What an outbox holds.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What an outbox holds."""


@app.command()
def peek(  # noqa: PLR0913, PLR0917  # each is an option of the command
    address: Address = "",
    state: Annotated[MessageState | None, typer.Option(help="Only these; by default those that are not sent.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only of this topic.")] = None,
    key: Annotated[str | None, typer.Option(help="Only of this key.")] = None,
    limit: Limit = 100,
    after: After = 0,
    outbox_table: OutboxTable = None,
    schema: Schema = None,
) -> None:
    """Show the messages of an outbox and what each waits for, in the order of adding. It blocks no other work."""
    from cqrs.cli.lines import line_of  # noqa: PLC0415  # slow to import, and --help needs none of it

    which: dict[str, Any] = {"limit": limit, "after": after, "state": state, "topic": topic, "key": key}

    async def work(db: Database) -> list[str]:
        return [line_of(message) for message in await db.outbox.peek(**which)]

    say(*on_database(address, work, outbox_table=outbox_table, schema=schema) or ["nothing"])
