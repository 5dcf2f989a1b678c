"""``python -m cqrs parked``: messages that wait for an operator, in an outbox or an inbox, without body and headers.

Exit codes: 0 done; 1 a message that was named is not parked, or ``drop`` was not confirmed; 2 the work cannot be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cqrs.cli.options import LARGEST, Address, After, InboxTable, Limit, OutboxTable, Schema, Yes
from cqrs.cli.parked_in import ParkedIn, Wanted
from cqrs.cli.running import say

if TYPE_CHECKING:
    from cqrs.cli.lines import Parked

app = typer.Typer(help="Messages that are parked in an outbox or an inbox, and wait for you.", no_args_is_help=True)

Consumer = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The inbox of this consumer; without it the outbox."),
]
Ids = Annotated[
    list[int] | None,
    typer.Option("--id", metavar="NUMBER", min=1, max=LARGEST, help="The message with this number; may be repeated."),
]
Key = Annotated[str | None, typer.Option(help="The parked messages of this key.")]


@app.command(name="list")
def list_(  # noqa: PLR0913, PLR0917  # each is an option of the command
    address: Address = "",
    consumer: Consumer = None,
    limit: Limit = 100,
    after: After = 0,
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    schema: Schema = None,
) -> None:
    """Show the parked messages, one line each."""
    from cqrs.cli.lines import line_of_parked  # noqa: PLC0415  # slow to import, and --help needs none of it

    parked = ParkedIn(address, consumer, outbox_table, inbox_table, schema)
    found = parked.page(limit, after)
    say(*(map(line_of_parked, found) if found else [f"nothing is parked in {parked.place}"]))


@app.command()
def show(  # noqa: PLR0913, PLR0917  # as above
    address: Address = "",
    consumer: Consumer = None,
    ids: Ids = None,
    key: Key = None,
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    schema: Schema = None,
) -> None:
    """Show everything about parked messages except their content: those of --id or --key, one of which is required."""
    from cqrs.cli.lines import lines_of_parked  # noqa: PLC0415  # as above

    parked = ParkedIn(address, consumer, outbox_table, inbox_table, schema)
    found, missing = parked.find(_wanted(ids, key))
    for number, message in enumerate(found):
        say(*[""] * bool(number), *lines_of_parked(message))
    _must_be_all(missing, parked)


@app.command()
def replay(  # noqa: PLR0913, PLR0917  # as above
    address: Address = "",
    consumer: Consumer = None,
    ids: Ids = None,
    key: Key = None,
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    schema: Schema = None,
) -> None:
    """Try messages again now, with all attempts, then those behind them; all messages without --id and --key."""
    parked = ParkedIn(address, consumer, outbox_table, inbox_table, schema)
    if not ids and key is None:
        say(f"replayed {parked.replay_all()}")
        return
    found, missing = parked.find(Wanted(tuple(ids or ()), key))
    say(f"replayed {parked.replay(found)}")
    _must_be_all(missing, parked)


@app.command()
def drop(  # noqa: PLR0913, PLR0917  # as above
    address: Address = "",
    consumer: Consumer = None,
    ids: Ids = None,
    key: Key = None,
    yes: Yes = False,  # noqa: FBT002  # an option, not an argument
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    schema: Schema = None,
) -> None:
    """Drop messages: they are never sent or handled, so they are LOST. Those behind them go on."""
    from cqrs.cli.lines import line_of_parked  # noqa: PLC0415  # as above

    parked = ParkedIn(address, consumer, outbox_table, inbox_table, schema)
    found, missing = parked.find(_wanted(ids, key))
    say(*map(line_of_parked, found))
    if found and not yes:
        typer.confirm(f"Drop {_count(found)} from {parked.place} in {parked.database}?", abort=True, err=True)
    say(f"dropped {parked.drop(found)}")
    _must_be_all(missing, parked)


def _wanted(ids: list[int] | None, key: str | None) -> Wanted:
    if not ids and key is None:
        raise typer.BadParameter("name the messages, with --id or --key")
    return Wanted(tuple(ids or ()), key)


def _count(found: list[Parked]) -> str:
    return "this message" if len(found) == 1 else f"these {len(found)} messages"


def _must_be_all(missing: list[str], parked: ParkedIn) -> None:
    for each in missing:
        typer.echo(f"{each} is not parked in {parked.place}", err=True)
    if missing:
        raise typer.Exit(1)
