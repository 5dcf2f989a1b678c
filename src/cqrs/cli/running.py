"""Does the work of a command on a database. An error that prevents it is printed as one text, with exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import typer
from rich.console import Console

from cqrs.cli.options import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.assembly.database import Database


class Errors:
    """Prints an error that ends a command as one text with exit code 2, without a traceback and without a password."""

    def __init__(self, address: str = "") -> None:
        self._address = address

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        from cqrs._sqlalchemy.connecting import trouble_of  # noqa: PLC0415  # slow to import, and --help needs none of it
        from cqrs._text import shown as short  # noqa: PLC0415  # as above
        from cqrs.errors.root import CQRSError  # noqa: PLC0415  # as above

        if isinstance(error, CQRSError):
            problem = str(error)
        elif (reason := trouble_of(error)) is not None:
            problem = f"{self._address}: the database refuses it ({type(reason).__name__}: {short(str(reason))})"
        else:
            return
        Console(stderr=True).print(f"error: {problem}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


def engine_for(address: str) -> Any:
    """An engine at ``address``. Raises ``DatabaseAddressError`` if it cannot be used or is empty."""
    from cqrs._sqlalchemy.connecting import engine_at  # noqa: PLC0415  # as above
    from cqrs.errors.databases import DatabaseAddressError  # noqa: PLC0415  # as above

    if not address:
        raise DatabaseAddressError("No database is named", f"give its URL as an argument, or set {VARIABLE}")
    return engine_at(address)


def on_engine(address: str, work: Callable[..., Awaitable[Any]], *given: Any, **options: Any) -> Any:
    """Run ``work`` with an engine at ``address``; returns its result."""
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
    """Run ``work`` with the database at ``address``; returns its result. It makes no SQLite file."""
    from cqrs._sqlalchemy.connecting import absent_file, connected, shown  # noqa: PLC0415  # as above
    from cqrs.assembly.database import Database  # noqa: PLC0415  # as above
    from cqrs.errors.databases import DatabaseAddressError  # noqa: PLC0415  # as above

    async def run(engine: Any) -> Any:
        if absent_file(engine.url) is not None:
            raise DatabaseAddressError(shown(engine.url), "there is no such file; `python -m cqrs db upgrade` makes it")
        db = Database(engine, outbox_table=outbox_table, inbox_table=inbox_table, schema=schema)
        async with connected(engine):  # whose error names what is wrong with address, user or password
            pass
        return await work(db)

    return on_engine(address, run)


def say(*lines: str) -> None:
    """Print ``lines`` as they are."""
    for line in lines:
        Console().print(line, markup=False, highlight=False, soft_wrap=True)
