from __future__ import annotations

from tests.architecture.revisions import FOLDER, revisions


def test_each_step_of_the_registry_has_its_revision_of_alembic() -> None:
    files = {file: file.read_text() for file in FOLDER.glob("cqrs_*.py")}
    assert files == revisions(FOLDER), "python -m tests.architecture.revisions writes those that are missing"


def test_databases_keep_the_revisions_that_they_have() -> None:
    order = [file.stem for file in sorted(FOLDER.glob("cqrs_*.py"))]
    assert order[:7] == [
        *("cqrs_0001_outbox", "cqrs_0002_inbox", "cqrs_0003_leases", "cqrs_0004_log"),
        *("cqrs_0005_outbox", "cqrs_0006_inbox", "cqrs_0007_leases"),
    ]
