from __future__ import annotations

import pytest

from cqrs.errors import MigrationRefused
from cqrs.migrations.naming import tables_of
from cqrs.migrations.subjects import SUBJECTS, Subject


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_an_entry_lists_the_tables_of_its_models(subject: Subject) -> None:
    assert tuple(table.name for table in subject.load_models()) == subject.tables
    if subject.is_renamed:
        assert tuple(table.name for table in subject.load_models("mine")) == subject.table_names("mine")


def test_the_name_of_a_table_is_the_chosen_one_or_that_of_the_variable_or_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert tables_of()["outbox"] == "outbox"
    monkeypatch.setenv("OUTBOX_SQLA_TABLE", "by_variable")
    assert tables_of()["outbox"] == "by_variable"
    assert tables_of(["outbox", "log"], tables={"outbox": "mine"}) == {"outbox": "mine", "log": "cqrs_log_positions"}


def test_tables_that_cannot_have_another_name_are_refused_one() -> None:
    with pytest.raises(MigrationRefused, match=r"leases: .* cannot have another name: choose from outbox"):
        tables_of(tables={"leases": "mine"})
