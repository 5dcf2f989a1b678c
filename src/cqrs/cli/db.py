"""``python -m cqrs db``: makes, changes, checks and removes the tables.

Exit codes: 0 done; 1 ``check`` has found something, or ``downgrade`` was not confirmed; 2 it could not be done.
"""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from cqrs.cli.options import Address, InboxTable, OutboxTable, Schema, Yes  # noqa: TC001  # Typer reads them
from cqrs.cli.running import Errors, engine_for, on_engine, say

app = typer.Typer(help="The tables of outbox, inbox, leases and log.", no_args_is_help=True)


class Subject(enum.StrEnum):
    """What has tables of its own."""

    OUTBOX = "outbox"
    INBOX = "inbox"
    LEASES = "leases"
    LOG = "log"


class Dialect(enum.StrEnum):
    """The databases there are migrations for."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"


Only = Annotated[
    list[Subject] | None,
    typer.Option("--only", metavar="SUBJECT", help="outbox, inbox, leases or log only; may be repeated."),
]


@app.command()
def upgrade(
    address: Address = "",
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    only: Only = None,
    schema: Schema = None,
) -> None:
    """Bring the tables to the newest version. Any number of processes may do so at once."""
    from cqrs.migrations import engine as migrations  # noqa: PLC0415  # slow to import, and --help needs none of it

    done = on_engine(address, migrations.upgrade, outbox_table, inbox_table=inbox_table, subjects=only, schema=schema)
    say(*(f"applied {step}" for step in done) if done else ["nothing to do"])
    if done:
        say(_autogenerate(outbox_table, inbox_table))


@app.command()
def downgrade(  # noqa: PLR0913, PLR0917  # each is an option of the command
    address: Address = "",
    to: Annotated[int, typer.Option(min=0, help="The version to keep; 0 keeps nothing.")] = 0,
    yes: Yes = False,  # noqa: FBT002  # an option, not an argument
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    only: Only = None,
    schema: Schema = None,
) -> None:
    """Undo the versions above one. Whatever these tables and columns hold is LOST."""
    from cqrs._sqlalchemy.connecting import shown  # noqa: PLC0415  # as above
    from cqrs.migrations import engine as migrations  # noqa: PLC0415  # as above
    from cqrs.migrations.steps import steps_of  # noqa: PLC0415  # as above
    from cqrs.migrations.subjects import tables_of  # noqa: PLC0415  # as above

    with Errors():
        engine = engine_for(address)
        steps = steps_of(engine.dialect.name, tables_of(only, outbox_table, inbox_table))
        names = ", ".join(dict.fromkeys(step.table for step in steps))
        if not yes:
            typer.confirm(f"Drop what came after version {to} of {names} in {shown(engine.url)}?", abort=True, err=True)
    named = {"inbox_table": inbox_table, "subjects": only, "schema": schema}
    done = on_engine(address, migrations.downgrade, outbox_table, to=to, **named)
    say(*(f"undone {step}" for step in done) if done else ["nothing to do"])


@app.command()
def sql(  # noqa: PLR0913, PLR0917  # each is an option of the command
    dialect: Annotated[Dialect, typer.Argument(help="The kind of database.")],
    down: Annotated[bool, typer.Option("--down", help="The statements that drop everything.")] = False,  # noqa: FBT002
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    only: Only = None,
    schema: Schema = None,
) -> None:
    """Print the statements. It needs no connection."""
    from cqrs.migrations import engine as migrations  # noqa: PLC0415  # as above

    with Errors():
        text = migrations.sql(dialect, outbox_table, inbox_table=inbox_table, subjects=only, down=down, schema=schema)
    typer.echo(text, nl=False)


@app.command()
def check(  # noqa: PLR0913, PLR0917  # as above
    address: Address = "",
    versions: Annotated[bool, typer.Option(help="Whether the migrations must have made the tables.")] = True,  # noqa: FBT002  # an option, not an argument
    outbox_table: OutboxTable = None,
    inbox_table: InboxTable = None,
    only: Only = None,
    schema: Schema = None,
) -> None:
    """Say what is missing, and exit with 1 if anything is. It changes nothing."""
    from cqrs.migrations.check import check as found_by_check  # noqa: PLC0415  # as above

    named = {"inbox_table": inbox_table, "subjects": only, "schema": schema}
    found = on_engine(address, found_by_check, outbox_table, versions=versions, **named)
    if found:
        say(*found)
        raise typer.Exit(1)
    say("the tables are as they should be")


def _autogenerate(outbox_table: str | None, inbox_table: str | None) -> str:
    """How a project with Alembic keeps these tables."""
    from cqrs.migrations.subjects import tables_of  # noqa: PLC0415  # as above

    names = {"outbox_table": tables_of(None, outbox_table)["outbox"], "inbox_table": inbox_table or "inbox"}
    chosen = "".join(f", {key}={name!r}" for key, name in names.items() if not key.startswith(f"{name}_"))
    hook = f"functools.partial(include_object{chosen})" if chosen else "include_object"
    return (
        "Alembic's autogenerate drops tables that it does not know. If it works on this database, let its env.py say: "
        f"from cqrs.integrations.alembic import include_object; context.configure(..., include_object={hook})"
    )
