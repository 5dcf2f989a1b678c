"""What keeps the tables as each version needs them."""

from __future__ import annotations

from tests.twins.twin import Twin

MIGRATIONS = "tests/integration/migrations/test_migrations.py::"
NEW = "tests/integration/migrations/test_new_subject.py::"
PLAN = "tests/unit/migrations/test_plan.py::"
ROUTINES = "tests/unit/migrations/test_routines.py::"
SPLITTING = "tests/unit/migrations/test_splitting.py::"

TWINS = (
    Twin(
        "a collation that takes different texts for equal is found",
        "migrations/comparing_tables.py",
        "collation != exact",
        "False",
        f"{MIGRATIONS}test_tables_of_mariadb_from_before_tell_texts_apart_after_the_upgrade",
    ),
    Twin(
        "the body of a function is not taken apart",
        "migrations/splitting.py",
        '(f"[eE]{_TEXT_WITH_BACKSLASHES}", _NAME, _BODY, _TEXT, _QUOTED)',
        '(f"[eE]{_TEXT_WITH_BACKSLASHES}", _NAME, _TEXT, _QUOTED)',
        f"{SPLITTING}test_the_body_of_a_function_of_postgresql_stays_whole",
    ),
    Twin(
        "a dollar within a name begins no body",
        "migrations/splitting.py",
        "_NAME, _BODY, _TEXT, _QUOTED)",
        "_BODY, _TEXT, _QUOTED)",
        f"{SPLITTING}test_the_body_of_a_function_of_postgresql_stays_whole",
    ),
    Twin(
        "comments are nested in PostgreSQL",
        "migrations/splitting.py",
        "elif nests or depth == 0:",
        "elif depth == 0:",
        f"{SPLITTING}test_comments_stay_whole_and_end_no_statement",
    ),
    Twin(
        "a statement ends before its last comment",
        "migrations/splitting.py",
        'statements[-1][:code], ""]',
        'statements[-1], ""]',
        f"{SPLITTING}test_statements_that_were_put_together_are_taken_apart_again",
    ),
    Twin(
        "a step that is in the book is not run again",
        "migrations/plan.py",
        "for step in steps if step.entry not in book]",
        "for step in steps]",
        f"{PLAN}test_steps_that_are_not_in_the_book_are_applied_in_order_and_noted",
    ),
    Twin(
        "a downgrade keeps the versions up to the one that is named",
        "migrations/plan.py",
        "step.version > to and",
        "",
        f"{PLAN}test_steps_in_the_book_are_undone_from_the_last_and_forgotten",
    ),
    Twin(
        "statements without a book can be run again",
        "migrations/plan.py",
        "(*step.up, step.entry.delete, step.entry.insert)",
        "(*step.up, step.entry.insert)",
        f"{MIGRATIONS}test_the_plain_statements_do_the_same[sqlite]",
    ),
    Twin(
        "a percent sign in a function is no place for a parameter",
        "migrations/engine.py",
        'PLAIN = {"no_parameters": True}',
        "PLAIN: dict[str, bool] = {}",
        f"{NEW}test_a_driver_with_parameters_in_its_text_runs_its_function",
    ),
    Twin(
        "a function with another body is found",
        "migrations/comparing_routines.py",
        "function.prosrc = CAST(:body AS text) AND ",
        "",
        f"{NEW}test_its_function_and_sequence_are_made_checked_and_dropped",
    ),
    Twin(
        "a function with other arguments is not the one that is needed",
        "migrations/comparing_routines.py",
        "AND CAST(function.proargtypes AS text) = (",
        "OR CAST(function.proargtypes AS text) = (",
        f"{NEW}test_its_function_and_sequence_are_made_checked_and_dropped",
    ),
    Twin(
        "a sequence with another increment is found",
        "migrations/comparing_routines.py",
        "seqincrement = CAST(:increment AS bigint)",
        "true",
        f"{NEW}test_its_function_and_sequence_are_made_checked_and_dropped",
    ),
    Twin(
        "a function that a later step drops is not missed",
        "migrations/routines.py",
        'found.pop(f"{kind} {name}", None)',
        "pass",
        f"{ROUTINES}test_the_last_step_counts_and_what_it_drops_is_gone",
    ),
    Twin(
        "autogenerate does not drop the other tables of a subject",
        "integrations/alembic.py",
        "name in SUBJECTS[each].table_names(first)",
        "name == first",
        f"{NEW}test_alembic_runs_its_revision_and_leaves_its_tables_alone[sqlite]",
    ),
    Twin(
        "a revision leaves a step alone that another tool has run",
        "integrations/alembic.py",
        "_run(upward(steps, _book()))",
        "_run(upward(steps, set()))",
        "tests/integration/migrations/test_alembic.py::test_tables_of_the_other_migration_tool_are_left_alone[sqlite]",
    ),
)
