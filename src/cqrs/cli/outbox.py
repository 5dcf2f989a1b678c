"""``python -m cqrs outbox``: shows what an outbox holds. It changes nothing, and shows no body and no header."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cqrs._showing import shown
from cqrs.assembly.database import Database
from cqrs.cli.db import Address, OutboxTable, Schema, on_engine, say
from cqrs.outbox.peeked import MessageState, PeekedMessage

app = typer.Typer(help="What an outbox holds.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What an outbox holds."""


@app.command()
def peek(  # noqa: PLR0913, PLR0917  # each is an option of the command
    address: Address = "",
    state: Annotated[MessageState | None, typer.Option(help="Only these; by default what is not sent.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only of this topic.")] = None,
    key: Annotated[str | None, typer.Option(help="Only of this key.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    after: Annotated[int, typer.Option(min=0, help="After the message with this number: the next page.")] = 0,
    outbox_table: OutboxTable = None,
    schema: Schema = None,
) -> None:
    """Show the messages of an outbox and what each waits for, in the order of adding. It holds up nobody."""
    which: dict[str, Any] = {"limit": limit, "after": after, "state": state, "topic": topic, "key": key}
    say(*on_engine(address, _lines, outbox_table, schema, which) or ["nothing"])


async def _lines(engine: Any, outbox_table: str | None, schema: str | None, which: dict[str, Any]) -> list[str]:
    outbox = Database(engine, outbox_table=outbox_table, schema=schema).outbox
    return [_line(message) for message in await outbox.peek(**which)]


def _line(message: PeekedMessage) -> str:
    envelope = message.envelope
    said = [f"{message.id}  {message.state}", f"{shown(envelope.name)} to {shown(envelope.topic)}"]
    said += [f"id {envelope.message_id}", f"added {message.added_at:%Y-%m-%d %H:%M:%S}"]
    if envelope.key is not None:
        said.append(f"key {shown(envelope.key)!r}")
    if message.state is MessageState.SCHEDULED:
        said.append(f"due {message.due_at:%Y-%m-%d %H:%M:%S}")
    if message.held_until is not None:
        said.append(f"until {message.held_until:%Y-%m-%d %H:%M:%S}")
    if message.attempts:
        said.append(f"rejected {message.attempts} times: {shown(message.error)}")
    return "  ".join(said)
