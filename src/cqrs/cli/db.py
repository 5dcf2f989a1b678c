"""``python -m cqrs db``: makes, changes, checks and removes the tables.

Exit codes: 0 done; 1 ``check`` has found something, or ``downgrade`` was not confirmed; 2 the work cannot be done.
"""

# ruff: noqa: PLC0415  # --help needs no database code, which is slow to import
from __future__ import annotations

import enum
from typing import Annotated

import typer

from cqrs.cli.options import Address, Schema, Yes  # noqa: TC001  # Typer reads them
from cqrs.cli.running import Errors, engine_for, on_engine, say
from cqrs.cli.tables import TableNames, with_tables
from cqrs.migrations.subjects import SUBJECTS, renamed_subjects

*_FIRST, _LAST = SUBJECTS
app = typer.Typer(help=f"The tables of {', '.join(_FIRST)} and {_LAST}.", no_args_is_help=True)


class Dialect(enum.StrEnum):
    """The kinds of databases that there are migrations for."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"


Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="SUBJECT", help=f"{', '.join(_FIRST)} or {_LAST} only; may be repeated."),
]


@app.command()
@with_tables
def upgrade(
    address: Address = "",
    only: Only = None,
    schema: Schema = None,
    *,
    tables: TableNames,
) -> None:
    """Bring the tables to the newest version. Any number of processes may do so at once."""
    from cqrs.migrations import engine as migrations

    done = on_engine(address, migrations.upgrade, tables=tables, subjects=only, schema=schema)
    say(*(f"applied {step}" for step in done) if done else ["nothing to do"])
    if done:
        say(_remedy_for_alembic(tables))


@app.command()
@with_tables
def downgrade(  # noqa: PLR0913  # each is an option of the command
    address: Address = "",
    to: Annotated[int, typer.Option(min=0, help="The version to keep; 0 keeps nothing.")] = 0,
    yes: Yes = False,  # noqa: FBT002  # an option, not an argument
    only: Only = None,
    schema: Schema = None,
    *,
    tables: TableNames,
) -> None:
    """Undo every version above that of --to. What the dropped tables and columns hold is LOST."""
    from cqrs._sqlalchemy.connecting import shown
    from cqrs.migrations import engine as migrations
    from cqrs.migrations.naming import tables_of
    from cqrs.migrations.steps import steps_of

    with Errors():
        engine = engine_for(address)
        steps = steps_of(engine.dialect.name, tables_of(only, tables=tables))
        names = ", ".join(dict.fromkeys(step.table for step in steps))
        if not yes:
            typer.confirm(f"Drop what came after version {to} of {names} in {shown(engine.url)}?", abort=True, err=True)
    done = on_engine(address, migrations.downgrade, to=to, tables=tables, subjects=only, schema=schema)
    say(*(f"undone {step}" for step in done) if done else ["nothing to do"])


@app.command()
@with_tables
def sql(
    dialect: Annotated[Dialect, typer.Argument(help="The kind of database.")],
    down: Annotated[bool, typer.Option("--down", help="The statements that drop everything.")] = False,  # noqa: FBT002
    only: Only = None,
    schema: Schema = None,
    *,
    tables: TableNames,
) -> None:
    """Print the statements, without a connection."""
    from cqrs.migrations import engine as migrations

    with Errors():
        text = migrations.sql(dialect, tables=tables, subjects=only, down=down, schema=schema)
    typer.echo(text, nl=False)


@app.command()
@with_tables
def check(
    address: Address = "",
    versions: Annotated[bool, typer.Option(help="Whether the migrations must have made the tables.")] = True,  # noqa: FBT002  # an option, not an argument
    only: Only = None,
    schema: Schema = None,
    *,
    tables: TableNames,
) -> None:
    """Print what is missing or differs, and exit with 1 if anything does. It changes nothing."""
    from cqrs.migrations.checking import check as problems_of

    named = {"tables": tables, "subjects": only, "schema": schema}
    found = on_engine(address, problems_of, versions=versions, **named)
    if found:
        say(*found)
        raise typer.Exit(1)
    say("the tables are as they should be")


def _remedy_for_alembic(tables: TableNames) -> str:
    """How a project with Alembic keeps these tables."""
    from cqrs.migrations.naming import tables_of

    chosen = tables_of(tables=tables)
    renamed = {each.name: chosen[each.name] for each in renamed_subjects() if chosen[each.name] != each.tables[0]}
    hook = f"functools.partial(include_object, tables={renamed})" if renamed else "include_object"
    return (
        "Alembic's autogenerate drops tables that are not in your metadata. If it runs on this database, its env.py "
        f"needs: from cqrs.integrations.alembic import include_object; context.configure(..., include_object={hook})"
    )
