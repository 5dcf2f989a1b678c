"""Does the work of a command on a database. What keeps it from being done is said in one text, with exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import typer
from rich.console import Console

from cqrs.cli.options import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.assembly.database import Database


class Errors:
    """Turns what keeps a command from being done into one text and exit code 2: neither a traceback nor a password."""

    def __init__(self, address: str = "") -> None:
        self._address = address

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        from cqrs._sqlalchemy.connecting import trouble_of  # noqa: PLC0415  # slow to import, and --help needs none of it
        from cqrs._text import shown as short  # noqa: PLC0415  # as above
        from cqrs.errors.root import CQRSError  # noqa: PLC0415  # as above

        if isinstance(error, CQRSError):
            said = str(error)
        elif (reason := trouble_of(error)) is not None:
            said = f"{self._address}: the database does not do it ({type(reason).__name__}: {short(str(reason))})"
        else:
            return
        Console(stderr=True).print(f"error: {said}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


def engine_for(address: str) -> Any:
    """An engine at ``address``. Raises ``DatabaseAddressError``, also if there is none."""
    from cqrs._sqlalchemy.connecting import engine_at  # noqa: PLC0415  # as above
    from cqrs.errors.databases import DatabaseAddressError  # noqa: PLC0415  # as above

    if not address:
        raise DatabaseAddressError("No database is named", f"give its URL as an argument, or set {VARIABLE}")
    return engine_at(address)


def on_engine(address: str, work: Callable[..., Awaitable[Any]], *given: Any, **options: Any) -> Any:
    """What ``work`` returns with an engine at ``address``."""
    import asyncio  # noqa: PLC0415  # as above

    from cqrs._sqlalchemy.connecting import shown  # noqa: PLC0415  # as above

    async def run() -> Any:
        engine = engine_for(address)
        with Errors(shown(engine.url)):
            try:
                return await work(engine, *given, **options)
            finally:
                await engine.dispose()

    with Errors():
        return asyncio.run(run())


def on_database(
    address: str,
    work: Callable[[Database], Awaitable[Any]],
    *,
    outbox_table: str | None = None,
    inbox_table: str | None = None,
    schema: str | None = None,
) -> Any:
    """What ``work`` returns with the database at ``address``; no file of SQLite is made."""
    from cqrs._sqlalchemy.connecting import absent_file, connected, shown  # noqa: PLC0415  # as above
    from cqrs.assembly.database import Database  # noqa: PLC0415  # as above
    from cqrs.errors.databases import DatabaseAddressError  # noqa: PLC0415  # as above

    async def run(engine: Any) -> Any:
        if absent_file(engine.url) is not None:
            raise DatabaseAddressError(shown(engine.url), "there is no such file; `python -m cqrs db upgrade` makes it")
        db = Database(engine, outbox_table=outbox_table, inbox_table=inbox_table, schema=schema)
        async with connected(engine):  # which says what is wrong with address, user and password
            pass
        return await work(db)

    return on_engine(address, run)


def say(*lines: str) -> None:
    """Print ``lines`` as they are."""
    for line in lines:
        Console().print(line, markup=False, highlight=False, soft_wrap=True)
