"""Engines and connections, with errors that have a remedy and no password."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import create_async_engine

from cqrs._sqlalchemy.dialects import capabilities_named, full_address, is_file
from cqrs._sqlalchemy.idle_connections import ask_idle_connections
from cqrs.errors.databases import DatabaseAddressError, DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_FORM = (
    "write it as postgresql://user:password@host/name, mariadb://… or sqlite:///file, with every special character of "
    "the password percent-encoded"
)
_LAST_PORT = 65_535


def engine_at(address: str) -> AsyncEngine:
    """An engine for ``address``; an address that names no driver gets the one that an extra of this package installs.

    It replaces connections that were closed while they were idle. Raises ``DatabaseAddressError``. It does not connect.
    """
    url = url_at(address)
    kind = url.get_backend_name()
    known = capabilities_named(kind, shown(url))
    if (file := file_of(url)) is not None and not file.parent.is_dir():
        raise DatabaseAddressError(shown(url), "there is no such folder")
    if "+" not in url.drivername:
        url = url.set(drivername=f"{kind}+{known.driver}")
    _must_be_for_asyncio(url, f"use {kind}+{known.driver}")
    try:
        engine = create_async_engine(url)
    except ModuleNotFoundError as error:
        driver = str(error.name)
        remedy = f"pip install 'cqrskit[{known.extra}]'" if driver == known.driver else f"install {driver}"
        raise DatabaseAddressError(shown(url), f"the driver {driver} is not installed: {remedy}") from None
    except (ArgumentError, InvalidRequestError):  # whose text has all of the address
        raise DatabaseAddressError(shown(url), f"its driver cannot use it: {_FORM}") from None
    if not known.is_file:
        ask_idle_connections(engine)
    return engine


def _must_be_for_asyncio(url: URL, remedy: str) -> None:
    """Raise ``DatabaseAddressError`` for a driver without asyncio, before a missing one is reported as such."""
    driver = url.get_driver_name()
    try:
        dialect = url.get_dialect()
    except ArgumentError:
        raise DatabaseAddressError(shown(url), f"there is no driver {driver}: {remedy}") from None
    if not dialect.get_async_dialect_cls(url).is_async:  # some are for both
        raise DatabaseAddressError(shown(url), f"the driver {driver} is not for asyncio: {remedy}")


def url_at(address: str) -> URL:
    """``address``, taken apart. Raises ``DatabaseAddressError``."""
    try:
        url = make_url(full_address(address))
    except (ArgumentError, ValueError):
        url = None
    if url is None or "@" in str(url.host) or not 0 <= (url.port or 0) <= _LAST_PORT:  # parts of a password, perhaps
        # What cannot be taken apart cannot be shown without its password either.
        raise DatabaseAddressError("The address of the database cannot be read", _FORM) from None
    return url


def shown(url: URL) -> str:
    """``url`` for log and error texts: without the password, and without options, which may hold one."""
    host = str(url.host or "").rpartition("@")[2]  # before that may be the rest of a password
    server = URL.create(url.drivername, url.username, url.password, host or None, url.port)
    text = server.render_as_string(hide_password=True)
    if url.database is None:
        return text
    return f"{text}/{quote(url.database, safe='/: ')}"  # :memory: as it is written by hand


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; ``None`` for one in memory, or on a server."""
    if not is_file(url.get_backend_name()):
        return None
    name = str(url.database or "")
    if name.startswith("file:"):
        name = unquote(urlsplit(name).path)
    in_memory = name in {"", ":memory:"} or url.query.get("mode") == "memory"
    return None if in_memory else Path(name)


def is_in_memory(url: URL) -> bool:
    """Whether ``url`` leads to an SQLite database in memory."""
    return is_file(url.get_backend_name()) and file_of(url) is None


def absent_file(url: URL) -> Path | None:
    """The file of an SQLite database if it does not exist, else ``None``: connecting would make it."""
    file = file_of(url)
    return None if file is None or file.exists() else file


def trouble_of(error: BaseException | None) -> BaseException | None:
    """The error of a driver or of the operating system in ``error``, or ``None``."""
    if isinstance(error, DBAPIError):
        return error.orig or error
    return error if isinstance(error, OSError) else None


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection, None]:
    """A connection of ``engine``.

    Raises ``DatabaseUnavailable`` if there is none, and ``DatabaseAddressError`` for an option that the driver does
    not know.
    """
    try:
        connection = await engine.connect()
    except (OSError, DBAPIError) as error:
        raise DatabaseUnavailable(shown(engine.url), trouble_of(error) or error) from None
    except TypeError as error:
        raise DatabaseAddressError(shown(engine.url), f"the driver refuses an option of it ({error})") from None
    try:
        yield connection
    finally:
        await connection.close()
