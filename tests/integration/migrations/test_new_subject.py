"""A subject that this package does not have: its topic and one entry in the registry are all that it needs."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from cqrs.errors import MigrationNeeded
from cqrs.integrations.alembic import include_object, ways_of
from cqrs.migrations import check, downgrade, sql, upgrade
from cqrs.migrations.subjects import SUBJECTS, Subject
from tests.architecture import revisions
from tests.integration.migrations.alembic_project import FIRST, made_project

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Subject(
    name="notes",
    tables=("notes", "notes_tags"),
    models="notebook.tables:migrated_tables",
    steps="notebook:sql",
    is_renamed=True,
)
TABLES = """
import functools

from sqlalchemy import Column, Integer, MetaData, String, Table

from cqrs._sqlalchemy.missing_tables import is_ours
from cqrs.migrations.subjects import SUBJECTS


@functools.cache
def migrated_tables(name):
    name = name or SUBJECTS["notes"].default_table
    notes = Table(name, MetaData(), Column("id", Integer, primary_key=True), Column("text", String(20)))
    tags = Table(f"{name}_tags", notes.metadata, Column("tag", String(20), primary_key=True))
    is_ours(notes, tags, option=SUBJECTS["notes"].option(name))
    return notes, tags
"""
UP = """
CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, text VARCHAR(20));
-- Each has a name;
CREATE TABLE IF NOT EXISTS {table}_tags (tag VARCHAR(20) PRIMARY KEY);
"""
IN_POSTGRESQL = """
CREATE SEQUENCE IF NOT EXISTS {table}_places;
CREATE OR REPLACE FUNCTION {table}_add(content text) RETURNS bigint LANGUAGE plpgsql AS $add$
DECLARE place {table}.id%TYPE;
BEGIN
    place := nextval('{table}_places');
    INSERT INTO {table} (id, text) VALUES (place, format('%s;', content));
    RETURN place;
END;
$add$;
"""
OTHER_BODY = """
create or replace function notes_add(content text) returns bigint language plpgsql as $$ begin return 1; end $$
"""
DOWN = "DROP TABLE IF EXISTS {table}_tags;\nDROP TABLE IF EXISTS {table};\n"
DOWN_IN_POSTGRESQL = f"DROP FUNCTION IF EXISTS {{table}}_add(text);\n{DOWN}DROP SEQUENCE IF EXISTS {{table}}_places;\n"
IN_MARIADB = """
CREATE SEQUENCE IF NOT EXISTS {table}_places;
CREATE FUNCTION IF NOT EXISTS {table}_twice(n BIGINT) RETURNS BIGINT DETERMINISTIC RETURN 2 * n % 100;
"""
DOWN_IN_MARIADB = f"DROP FUNCTION IF EXISTS {{table}}_twice;\n{DOWN}DROP SEQUENCE IF EXISTS {{table}}_places;\n"


@pytest.fixture(autouse=True)
def topic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package `notebook`, and its entry."""
    folder = tmp_path / "topics" / "notebook"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "tables.py").write_text(TABLES)
    for dialect, up, down in (
        ("sqlite", UP, DOWN),
        ("postgresql", UP + IN_POSTGRESQL, DOWN_IN_POSTGRESQL),
        ("mariadb", UP.replace(");\n", ") COLLATE utf8mb4_nopad_bin;\n") + IN_MARIADB, DOWN_IN_MARIADB),
    ):
        (folder / "sql" / dialect).mkdir(parents=True)
        (folder / "sql" / dialect / "0001_notes.up.sql").write_text(up)
        (folder / "sql" / dialect / "0001_notes.down.sql").write_text(down)
    monkeypatch.syspath_prepend(folder.parent)
    for module in [name for name in sys.modules if name.startswith("notebook")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(SUBJECTS, "notes", ENTRY)


async def test_it_is_upgraded_checked_and_downgraded(address: str) -> None:
    engine = create_async_engine(address)
    assert (await upgrade(engine))[-1] == "notes/0001_notes"
    assert await check(engine) == []
    async with engine.begin() as connection:
        await connection.execute(text("drop table notes_tags"))
    assert await check(engine) == ["notes_tags: the table is missing"]
    assert await downgrade(engine, subjects=["notes"]) == ["notes/0001_notes"]
    assert await upgrade(engine, tables={"notes": "jottings"}, subjects=["notes"]) == ["notes/0001_notes"]
    assert await check(engine, tables={"notes": "jottings"}, subjects=["notes"]) == []
    await engine.dispose()


@pytest.mark.server
async def test_its_function_and_sequence_are_made_checked_and_dropped(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url)
    await upgrade(engine)
    assert await check(engine) == []
    async with engine.begin() as connection:
        assert await connection.scalar(text("select notes_add('100%')")) == 1
        assert await connection.scalar(text("select text from notes")) == "100%;"
        await connection.execute(text("alter sequence notes_places increment 10"))
        await connection.execute(text(OTHER_BODY))
    assert await check(engine) == [
        "notes: the sequence notes_places differs from that of notes/0001_notes",
        "notes: the function notes_add(text) differs from that of notes/0001_notes",
    ]
    async with engine.begin() as connection:
        await connection.execute(text("drop sequence notes_places"))
        await connection.execute(text("drop function notes_add(text)"))
        await connection.execute(text(OTHER_BODY.replace("content text", "content integer")))
    assert await check(engine) == [
        "notes: the sequence notes_places is missing",
        "notes: the function notes_add(text) is missing",
    ]
    await downgrade(engine, subjects=["notes"])
    async with engine.begin() as connection:
        assert await connection.scalar(text("select to_regclass('notes_places')")) is None
    assert await upgrade(engine) == ["notes/0001_notes"]
    assert await check(engine) == []
    await engine.dispose()


@pytest.mark.server
async def test_its_function_and_sequence_are_missed_on_mariadb(mariadb_url: str) -> None:
    engine = create_async_engine(mariadb_url)
    await upgrade(engine)
    assert await check(engine) == []
    async with engine.begin() as connection:
        assert await connection.scalar(text("select notes_twice(21)")) == 42
        await connection.execute(text("drop sequence notes_places"))
        await connection.execute(text("drop function notes_twice"))
    assert await check(engine) == [
        "notes: the sequence notes_places is missing",
        "notes: the function notes_twice(bigint) is missing",
    ]
    await engine.dispose()


@pytest.mark.server
async def test_a_driver_with_parameters_in_its_text_runs_its_function(postgres_url: str) -> None:
    """Alembic with psycopg2, which takes a `%` for the place of a parameter."""
    engine = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg2"))
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        make, drop = ways_of("notes", 1)
        make()
        make()
        assert connection.scalar(text("select notes_add('100%')")) == 1
        drop()
        assert connection.scalar(text("select to_regclass('notes')")) is None
    engine.dispose()


async def test_a_missing_table_of_it_is_named_with_the_command_that_makes_it(address: str) -> None:
    engine = create_async_engine(address)
    tags = ENTRY.load_models("jottings")[1]
    async with engine.connect() as connection:
        with pytest.raises(MigrationNeeded) as caught:
            await connection.execute(tags.select())
    assert caught.value.table == "jottings_tags"
    assert caught.value.command.endswith(" --notes-table jottings")
    await engine.dispose()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mariadb"])
def test_its_statements_are_printed(dialect: str) -> None:
    printed = sql(dialect, subjects=["notes"])
    assert "CREATE TABLE IF NOT EXISTS notes_tags" in printed
    assert "VALUES ('notes', 'notes', 1);" in printed
    assert ("$add$;\n" in printed) is (dialect == "postgresql")


def test_the_command_line_has_it(address: str) -> None:
    spec = find_spec("cqrs.cli.db")
    assert spec is not None
    assert spec.loader is not None
    db: Any = module_from_spec(spec)  # the one that is loaded has read the registry
    spec.loader.exec_module(db)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(db.app, [*arguments, url], env={"COLUMNS": "200"})
        assert done.exception is None, done.output
        return done.output

    url = make_url(address).render_as_string(hide_password=False)
    jottings = ("--only", "notes", "--notes-table", "jottings")
    assert "log or notes only; may be repeated" in run("check", "--help")
    upgraded = run("upgrade", *jottings)
    assert "applied notes/0001_notes" in upgraded
    assert "functools.partial(include_object, tables={'notes': 'jottings'})" in upgraded
    assert run("check", *jottings) == "the tables are as they should be\n"
    assert run("downgrade", "--yes", *jottings) == "undone notes/0001_notes\n"


def test_alembic_runs_its_revision_and_leaves_its_tables_alone(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revision is what a command writes; it comes after those that databases have."""
    folder = tmp_path / "revisions"
    shutil.copytree(revisions.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    project = made_project(tmp_path, address, monkeypatch)
    project.alembic("upgrade", "cqrs@head")
    assert [file.name for file in revisions.write(folder)] == ["cqrs_0008_notes.py"]
    assert revisions.write(folder) == []
    ini = tmp_path / "alembic.ini"
    ini.write_text(ini.read_text().replace("cqrs.integrations:alembic_versions", str(folder)))

    assert not {"notes", "notes_tags"} & project.tables()
    project.alembic("upgrade", "cqrs@head")
    assert {"notes", "notes_tags"} <= project.tables()
    assert project.run(check) == []
    assert "notes" not in project.generate("first", *FIRST)
    project.alembic("downgrade", "cqrs@cqrs_0007")
    assert not {"notes", "notes_tags"} & project.tables()

    ini.write_text(ini.read_text() + "cqrs_notes_table = jottings\n")
    project.alembic("upgrade", "cqrs@head")
    assert {"jottings", "jottings_tags"} <= project.tables()
    jottings = {"notes": "jottings"}
    assert not include_object(None, "jottings_tags", "table", reflected=True, compare_to=None, tables=jottings)
    assert "CREATE TABLE IF NOT EXISTS jottings " in project.alembic("upgrade", "cqrs@head", "--sql")
