"""A user's project with Alembic, made from the files that the how-to shows."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import alembic
from alembic.config import CommandLine, Config
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "manage-the-tables.md"
OWN = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
FIRST = ("--head", "base", "--branch-label", "shop", "--version-path", "migrations/versions")
OURS = {
    *("outbox", "inbox", "inbox_sequences", "inbox_parked", "cqrs_leases", "cqrs_lease_members", "cqrs_migrations"),
}


@dataclass
class Project:
    """A user's project with Alembic."""

    folder: Path
    address: str

    def alembic(self, *arguments: str) -> str:
        """Runs a command in this process: the start of one takes half a second."""
        sys.modules.pop("shop_models", None)
        printed = io.StringIO()
        command = CommandLine()
        options = command.parser.parse_args(arguments)
        command.run_cmd(Config("alembic.ini", stdout=printed, output_buffer=printed, cmd_opts=options), options)
        return printed.getvalue()

    def program(self, *arguments: str) -> None:
        """Runs a command as users do."""
        command = [sys.executable, "-m", "alembic", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def ours(self) -> set[str]:
        """The tables that this package has on this database."""
        return OURS | ({"cqrs_log_positions"} if self.address.startswith("postgresql") else set())

    def models(self, text: str) -> None:
        (self.folder / "shop_models.py").write_text(text)

    def generate(self, name: str, *arguments: str) -> str:
        """What autogenerate wants to do."""
        self.alembic("revision", "--autogenerate", "-m", name, *arguments)
        (file,) = (self.folder / "migrations" / "versions").glob(f"*_{name}.py")
        return file.read_text()

    def tables(self) -> set[str]:
        return set(self._ask(lambda connection: inspect(connection).get_table_names())) - {"sqlite_sequence"}

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        async def ask() -> Any:
            engine = create_async_engine(self.address)
            async with engine.connect() as connection:
                answer = await connection.run_sync(question)
            await engine.dispose()
            return answer

        return asyncio.run(ask())

    def run(self, work: Any, **options: Any) -> list[str]:
        async def run() -> list[str]:
            engine = create_async_engine(self.address)
            found: list[str] = await work(engine, **options)
            await engine.dispose()
            return found

        return asyncio.run(run())


def made_project(folder: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in `folder`, which becomes the working directory, over the database at `address`."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr("cqrs.outbox.sqlalchemy.model._rebound", {})  # what a project binds does not reach another
    text = PAGE.read_text()
    (ini,) = re.findall(r"```ini\n(.*?)```", text, re.DOTALL)
    (env,) = re.findall(r"```python\n(import asyncio.*?)```", text, re.DOTALL)
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(re.sub(r"(sqlalchemy.url = ).*", rf"\g<1>{address}", ini))
    (folder / "migrations" / "env.py").write_text(env)
    template = Path(alembic.__file__).parent / "templates" / "async" / "script.py.mako"
    (folder / "migrations" / "script.py.mako").write_text(template.read_text())
    project = Project(folder, address)
    project.models(OWN)
    return project
