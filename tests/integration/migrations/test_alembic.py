"""Alembic itself, with the files that the how-to shows."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import cqrs
from cqrs.envelope import Envelope
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.migrations import check, upgrade
from cqrs.migrations.naming import tables_of
from cqrs.migrations.steps import DIALECTS, steps_of
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until
from tests.integration.migrations.alembic_project import FIRST, OURS, OWN, PAGE, Project, made_project
from tests.integration.transactions.stand import REGISTRY, Told

WITH_OURS = """
import cqrs
from cqrs.inbox.sqlalchemy.tables import inbox_tables
from cqrs.leases.sqlalchemy.tables import lease_tables
from cqrs.outbox.sqlalchemy.model import outbox_model

cqrs.rebind_outbox_model(outbox_model(), Base)
inbox_tables("inbox", Base.metadata)
lease_tables(Base.metadata)
"""


@pytest.fixture
def project(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return made_project(tmp_path, address, monkeypatch)


def test_our_branch_goes_up_and_down_beside_that_of_the_user(project: Project) -> None:
    project.alembic("upgrade", "cqrs@head")
    first = project.generate("first", *FIRST)
    assert "create_table('orders'" in first
    assert "drop_" not in first[: first.index("def downgrade")]
    project.alembic("upgrade", "heads")
    assert project.tables() == project.ours | {"orders", "alembic_version"}
    assert project.run(check) == []
    assert project.run(upgrade) == []

    following = project.generate("following", "--head", "shop@head")
    assert "drop_" not in following
    assert "create_" not in following

    project.alembic("downgrade", "cqrs@base")
    assert project.tables() == {"orders", "alembic_version", "cqrs_migrations"}
    project.alembic("upgrade", "cqrs@head")
    assert project.run(check) == []


def test_a_stock_environment_drops_our_tables_until_it_has_the_hook_that_an_upgrade_names(project: Project) -> None:
    leave_our_revisions_out(project)
    env = project.folder / "migrations" / "env.py"
    ours = env.read_text()
    stock = ours.replace("from cqrs.integrations.alembic import compare_type, include_object, render_item\n", "")
    env.write_text(re.sub(r'    "(compare_type|include_object|render_item)": \w+,\n', "", stock))
    project.run(upgrade)
    dropped = set(re.findall(r"drop_table\('(\w+)'\)", up_of(project.generate("first"))))
    assert dropped == project.ours
    env.write_text(ours)
    for file in (project.folder / "migrations" / "versions").glob("*_first.py"):
        file.unlink()
    kept = up_of(project.generate("second"))
    assert "drop_" not in kept
    assert "create_table('orders'" in kept


def test_tables_of_the_other_migration_tool_are_left_alone(project: Project) -> None:
    done = project.run(upgrade)
    project.program("upgrade", "cqrs@head")
    assert project.run(check) == []
    assert project.run(upgrade) == []
    first = [step for step in done if "/0001" in step]
    assert len(first) == len(project.ours) - 4  # the inbox has three tables, the leases two, and one is the book


def test_tables_may_have_other_names(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ini = project.folder / "alembic.ini"
    ini.write_text(ini.read_text() + "cqrs_inbox_table = received\n")
    env = project.folder / "migrations" / "env.py"
    bound = 'import functools\ninclude_object = functools.partial(include_object, inbox_table="received")\nurl ='
    env.write_text(env.read_text().replace("url =", bound, 1))
    with monkeypatch.context() as parcels:
        parcels.setenv("OUTBOX_SQLA_TABLE", "parcels")
        project.alembic("upgrade", "cqrs@head")
    assert {"parcels", "received", "received_parked"} < project.tables()
    assert "drop_table" in project.generate("first", *FIRST)  # of parcels: the variable is not set here
    assert "drop_table('received" not in next((project.folder / "migrations/versions").glob("*_first.py")).read_text()


def test_the_revisions_can_be_printed(project: Project) -> None:
    printed = project.alembic("upgrade", "cqrs@head", "--sql")
    assert "CREATE TABLE IF NOT EXISTS outbox (" in printed
    assert "INSERT INTO cqrs_migrations (subject, table_name, version) VALUES ('leases', 'cqrs_leases', 1);" in printed
    assert project.tables() == set()


def test_our_tables_in_the_metadata_of_the_user_are_generated_and_then_found_unchanged(project: Project) -> None:
    leave_our_revisions_out(project)
    project.models(OWN + WITH_OURS)
    first = project.generate("first")
    assert "create_table('outbox'" in first
    assert "cqrs." not in first
    project.alembic("upgrade", "head")
    assert project.tables() == {"orders", "alembic_version", *OURS} - {"cqrs_migrations"}
    assert project.run(check, subjects=["outbox", "inbox", "leases"]) == []
    asyncio.run(used(project.address))

    following = project.generate("following")
    assert not re.search(r"op\.\w+\(", following), following


def test_an_environment_as_alembic_makes_it_needs_the_lines_of_the_page(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logging.config.fileConfig", lambda _: None)  # it would reach the other tests
    (lines,) = re.findall(r"```python\n(from cqrs.integrations.*?)```", PAGE.read_text(), re.DOTALL)
    (ini := project.folder / "alembic.ini").unlink()
    shutil.rmtree(project.folder / "migrations")
    project.alembic("init", "-t", "async", "migrations")
    ini.write_text(re.sub(r"(\nsqlalchemy.url = ).*", rf"\g<1>{project.address}", ini.read_text()))
    env = project.folder / "migrations" / "env.py"
    stock = env.read_text()
    project.models(OWN + WITH_OURS)

    env.write_text(stock.replace("= None", "= __import__('shop_models').Base.metadata"))
    assert "cqrs._sqlalchemy" in project.generate("broken")  # which no revision imports
    for file in (project.folder / "migrations" / "versions").glob("*_broken.py"):
        file.unlink()

    hooked = stock.replace("target_metadata=target_metadata", "target_metadata=target_metadata, **hooks")
    assert hooked.count("**hooks") == 2
    env.write_text(hooked.replace("target_metadata = None\n", lines))
    assert "cqrs." not in project.generate("first")
    assert "CREATE TABLE outbox" in project.alembic("upgrade", "head", "--sql")
    project.alembic("upgrade", "head")
    assert project.tables() == {"orders", "alembic_version", *OURS} - {"cqrs_migrations"}
    assert not re.search(r"op\.\w+\(", project.generate("following"))
    project.alembic("upgrade", "head")
    project.alembic("downgrade", "base")
    assert project.tables() == {"alembic_version"}


async def used(address: str) -> None:
    """A database, a consumer and a relay over the tables that the user's own migrations have made."""
    async with cqrs.Database(address, registry=REGISTRY) as db:
        async with db.transaction():
            db.outbox.add(Told(payload="one"))
            envelope = Envelope(message_id=uuid.uuid4(), name="told", topic="news", body=b"{}")
            assert await db.inbox.accept("billing", [envelope]) == [envelope]
        broker = MemoryMessageBroker()
        async with OutboxRelay(db.outbox, broker):
            await until(lambda: broker.topic("news"))


def test_our_branch_takes_tables_that_the_user_has_in_the_metadata_as_they_are(project: Project) -> None:
    project.models(OWN + WITH_OURS)
    project.alembic("upgrade", "cqrs@head")
    first = project.generate("first", *FIRST)
    assert "create_table('orders'" in first
    assert not re.search("outbox|inbox|cqrs_", first), first


def leave_our_revisions_out(project: Project) -> None:
    ini = project.folder / "alembic.ini"
    ini.write_text(ini.read_text().replace("    cqrs.integrations:alembic_versions\n", ""))


def up_of(revision: str) -> str:
    """What it does on its way up."""
    return revision[: revision.index("def downgrade")]


def test_the_revisions_form_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(cqrs.__file__).parent / "integrations"))
    config.set_main_option("version_locations", "cqrs.integrations:alembic_versions")
    config.set_main_option("path_separator", "newline")
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.get_revisions("cqrs@head")] == scripts.get_heads()
    steps = {(s.subject, s.version) for dialect in DIALECTS for s in steps_of(dialect, tables_of())}
    assert len(list(scripts.walk_revisions())) == len(steps)
