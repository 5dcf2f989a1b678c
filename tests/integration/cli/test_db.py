from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from typer.testing import CliRunner

from cqrs.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., "Done"]

SECRET = "tell-nobody"  # noqa: S105  # of no use


class Done(NamedTuple):
    """The output and the exit code of a command."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; no variable of ours is set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("CQRS_DATABASE_URL", "OUTBOX_SQLA_TABLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def cqrs(folder: Path) -> Command:
    """Runs a command in a folder of the test, in this process: each process takes half a second to import."""

    def run(*arguments: str, given: str = "", **variables: str) -> Done:
        done = CliRunner().invoke(app, arguments, input=given, env=variables)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        assert SECRET not in done.stdout + done.stderr
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def program(folder: Path) -> Command:
    """Runs a command as users do, without a terminal."""

    def run(*arguments: str, python: tuple[str, ...] = ("-m", "cqrs"), **variables: str) -> Done:
        environment = {**os.environ, **variables}
        command = [sys.executable, *python, *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment
        )
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}


def test_the_program_does_what_the_commands_do(program: Command, folder: Path) -> None:
    made = program("db", "upgrade", CQRS_DATABASE_URL="sqlite:///shop.db")
    assert (made.returncode, made.stdout.splitlines()[0], made.stderr) == (0, "applied outbox/0001_outbox", "")
    assert "outbox" in tables(folder / "shop.db")
    refused = program("db", "downgrade", "sqlite:///shop.db")  # no terminal is there to confirm
    assert (refused.returncode, refused.stdout.strip()) == (1, "")
    assert "Drop what came after version 0" in refused.stderr
    assert "outbox" in tables(folder / "shop.db")
    unknown = program("db", "check", CQRS_DATABASE_URL=f"oracle://me:{SECRET}@host/shop")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "the database oracle is not supported" in unknown.stderr


def test_the_tables_are_made_checked_and_removed(cqrs: Command, tmp_path: Path) -> None:
    address = "sqlite:///shop.db"
    missing = cqrs("db", "check", address)
    assert missing.returncode == 1
    assert "shop.db: there is no such file" in missing.stdout
    assert cqrs("db", "downgrade", address, "--yes").stdout == "nothing to do\n"
    assert not (tmp_path / "shop.db").exists()
    made = cqrs("db", "upgrade", address)
    assert (made.returncode, made.stdout.splitlines()[0]) == (0, "applied outbox/0001_outbox")
    assert cqrs("db", "upgrade", address).stdout == "nothing to do\n"
    checked = cqrs("db", "check", address)
    assert (checked.returncode, checked.stdout) == (0, "the tables are as they should be\n")
    assert cqrs("db", "downgrade", address, "--yes").returncode == 0
    assert "outbox" not in tables(tmp_path / "shop.db")


def test_tables_are_dropped_only_after_a_yes(cqrs: Command, tmp_path: Path) -> None:
    cqrs("db", "upgrade", "sqlite:///shop.db")
    asked = cqrs("db", "downgrade", "sqlite:///shop.db", given="n\n")
    assert asked.returncode == 1
    assert "Drop what came after version 0 of outbox, inbox, cqrs_leases in sqlite" in asked.stderr
    assert cqrs("db", "downgrade", "sqlite:///shop.db").returncode == 1
    assert "outbox" in tables(tmp_path / "shop.db")
    assert cqrs("db", "downgrade", "sqlite:///shop.db", given="y\n").returncode == 0
    assert "outbox" not in tables(tmp_path / "shop.db")


def test_address_and_table_come_from_the_environment_when_not_given(cqrs: Command, tmp_path: Path) -> None:
    cqrs("db", "upgrade", "--only", "outbox", CQRS_DATABASE_URL="sqlite:///a.db", OUTBOX_SQLA_TABLE="parcels")
    assert tables(tmp_path / "a.db") == {"parcels", "cqrs_migrations", "sqlite_sequence"}
    cqrs("db", "upgrade", "sqlite:///b.db", "--only", "leases", CQRS_DATABASE_URL="sqlite:///a.db")
    assert tables(tmp_path / "b.db") == {"cqrs_leases", "cqrs_lease_members", "cqrs_migrations"}


def test_without_an_address_the_variable_is_named(cqrs: Command) -> None:
    done = cqrs("db", "check")
    assert done.returncode == 2
    assert "CQRS_DATABASE_URL" in done.stderr


@pytest.mark.parametrize("way", [(), ("--down",)])
def test_the_printed_statements_are_plain_sql(cqrs: Command, tmp_path: Path, way: tuple[str, ...]) -> None:
    done = cqrs("db", "sql", "sqlite", *way, "--outbox-table", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    with closing(sqlite3.connect(tmp_path / "plain.db")) as connection:
        connection.executescript(done.stdout)
    assert ("mine" in tables(tmp_path / "plain.db")) is (not way)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mariadb"])
def test_statements_need_no_connection(cqrs: Command, dialect: str) -> None:
    assert "CREATE TABLE IF NOT EXISTS outbox (" in cqrs("db", "sql", dialect).stdout


def test_tables_made_by_something_else_can_be_checked(cqrs: Command, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "own.db")) as connection:
        connection.executescript(cqrs("db", "sql", "sqlite").stdout + "DROP TABLE cqrs_migrations;")
    assert cqrs("db", "check", "sqlite:///own.db").returncode == 0
    assert cqrs("db", "check", "sqlite:///own.db", "--no-versions").returncode == 0


@pytest.mark.parametrize(
    ("options", "hook"),
    [
        ((), "include_object=include_object)"),
        (
            ("--outbox-table", "mine"),
            "include_object=functools.partial(include_object, tables={'outbox': 'mine'}))",
        ),
    ],
)
def test_an_upgrade_prints_how_alembic_leaves_the_tables_alone(cqrs: Command, options: Any, hook: str) -> None:
    done = cqrs("db", "upgrade", "sqlite:///shop.db", *options)
    assert done.stdout.splitlines()[-1].endswith(hook)
    assert "from cqrs.integrations.alembic import include_object" in done.stdout


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"{SECRET}@nowhere", "write it as postgresql://"),
        (f"postgresql://me:{SECRET}@host:port/shop", "write it as postgresql://"),
        (f"oracle://me:{SECRET}@host/shop", "the database oracle is not supported"),
        (
            f"postgresql+psycopg2://me:{SECRET}@host/shop?password={SECRET}",
            "psycopg2 is not for asyncio",
        ),
        (f"mariadb+pymysql://me:{SECRET}@host/shop", "the driver pymysql is not for asyncio: use mariadb+asyncmy"),
        (f"mysql+mysqldb://me:{SECRET}@host/shop", "the driver mysqldb is not for asyncio: use mysql+asyncmy"),
        (
            "sqlite+pysqlite:///:memory:",
            "///:memory:: the driver pysqlite is not for asyncio: use sqlite+aiosqlite",
        ),
        (f"sqlite://me:{SECRET}@host/shop", "its driver cannot use it"),
        (f"postgresql+nosuch://me:{SECRET}@host/shop", "there is no driver nosuch: use postgresql+asyncpg"),
        (f"postgres://me:{SECRET}@127.0.0.1:1/shop?sslmode=require", "sslmode"),
        ("sqlite:///no/such/folder/shop.db", "there is no such folder"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained_without_its_password(
    cqrs: Command, address: str, said: str
) -> None:
    done = cqrs("db", "check", CQRS_DATABASE_URL=address)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_server_that_does_not_answer_is_named_without_the_password(cqrs: Command, kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # no server listens, and none can
        port = taken.getsockname()[1]
        done = cqrs("db", "upgrade", CQRS_DATABASE_URL=f"{kind}://me:{SECRET}@127.0.0.1:{port}/shop?password={SECRET}")
    assert done.returncode == 2
    assert re.search(rf"No connection to {kind}\S*://me:\*\*\*@127.0.0.1:{port}/shop ", done.stderr), done.stderr


@pytest.mark.parametrize(
    ("driver", "address", "extra"),
    [("asyncpg", "postgresql", "postgres"), ("asyncmy", "mariadb", "mariadb"), ("aiosqlite", "sqlite", "sqlite")],
)
def test_a_missing_driver_is_named_with_its_extra(
    cqrs: Command, monkeypatch: pytest.MonkeyPatch, driver: str, address: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    done = cqrs("db", "check", f"{address}:///shop")
    assert done.returncode == 2
    assert f"the driver {driver} is not installed: pip install 'cqrskit[{extra}]'" in done.stderr


@pytest.mark.parametrize("module", ["typer", "rich", "sqlalchemy"])
def test_missing_extra_is_reported_with_the_command_to_install_it(program: Command, module: str) -> None:
    code = f"import runpy, sys; sys.modules[{module!r}] = None; runpy.run_module('cqrs', run_name='__main__')"
    done = program("db", "check", python=("-c", code))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"python -m cqrs needs {module}, which is not installed: pip install 'cqrskit[cli]'\n"


@pytest.mark.server
def test_postgresql_without_a_driver_in_its_address(program: Command, postgres_url: str) -> None:
    plain = postgres_url.replace("postgresql+asyncpg", "postgres")
    assert program("db", "upgrade", plain).returncode == 0
    assert program("db", "check", plain).returncode == 0


@pytest.mark.server
def test_mariadb_without_a_driver_in_its_address(program: Command, mariadb_url: str) -> None:
    plain = mariadb_url.replace("mariadb+asyncmy", "mysql")
    assert program("db", "upgrade", plain).returncode == 0
    assert program("db", "check", plain).returncode == 0
