from __future__ import annotations

from typing import Any

import pytest

from cqrs.migrations.routines import routines_of
from cqrs.migrations.steps import Step

BODY = "\nBEGIN\n  RETURN n;\nEND;\n"


def step(*up: str, version: int = 1) -> Step:
    return Step("events", "events", version, f"{version:04}_x", up, ())


def only(statement: str) -> tuple[str, dict[str, Any]]:
    (found,) = routines_of([step(statement)])
    return found.title, dict(found.details)


def test_a_function_is_read_with_types_language_and_body() -> None:
    title, details = only(
        "-- FUNCTION\nCREATE OR REPLACE FUNCTION Append(stream text, IN n  numeric(10, 2) DEFAULT least(1, 2),\n"
        f"OUT place bigint, VARIADIC more text[] = '{{}}')\nRETURNS bigint LANGUAGE plpgsql VOLATILE AS $f${BODY}$f$"
    )
    assert title == "function append(text, numeric(10, 2), text[])"
    assert details == {
        "name": "append",
        "types": ["text", "numeric(10, 2)", "text[]"],
        "language": "plpgsql",
        "body": BODY,
    }


def test_the_language_may_follow_the_body() -> None:
    title, details = only("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 LANGUAGE c $$ LANGUAGE SQL IMMUTABLE")
    assert (title, details["language"], details["body"]) == ("function f()", "sql", " SELECT 1 LANGUAGE c ")


@pytest.mark.parametrize(
    ("options", "details"),
    [
        ("", ("bigint", 1, 1, False)),
        (" AS integer INCREMENT BY -2 CACHE 20 CYCLE", ("integer", -2, 20, True)),
        (" INCREMENT 5 NO CYCLE START WITH 7", ("bigint", 5, 1, False)),
    ],
)
def test_a_sequence_is_read_with_its_options(options: str, details: tuple[object, ...]) -> None:
    title, found = only(f"CREATE SEQUENCE IF NOT EXISTS places{options}")
    assert (title, tuple(found.values())) == ("sequence places", ("places", *details))


def test_the_last_step_counts_and_what_it_drops_is_gone() -> None:
    function = "CREATE FUNCTION f() RETURNS int AS $$1$$"
    first = step("CREATE SEQUENCE a", "CREATE SEQUENCE b", function, function.replace("f()", "g(n int)"))
    again = "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$2$$"
    second = step("DROP SEQUENCE IF EXISTS a", "DROP FUNCTION g(int)", "CREATE TABLE t ()", again, version=2)
    found = {routine.title: routine for routine in routines_of([first, second])}
    assert list(found) == ["sequence b", "function f()"]
    assert (found["function f()"].step, found["function f()"].details["body"]) == (second, "2")
