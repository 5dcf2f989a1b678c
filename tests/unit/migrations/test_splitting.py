from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqrs.migrations.splitting import statements_of
from cqrs.migrations.steps import DIALECTS

FUNCTION = """CREATE FUNCTION double(n bigint) RETURNS bigint LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM $$a;
b$$;
    RETURN 2 * n;
END;
$body$"""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_statement_ends_with_a_semicolon_at_the_end_of_a_line(dialect: str) -> None:
    text = "CREATE TABLE a (\n  b TEXT\n);\n\n  DROP TABLE c ;  \nSELECT 1; SELECT 2;\nSELECT 3"
    assert statements_of(text, dialect) == (
        "CREATE TABLE a (\n  b TEXT\n)",
        "DROP TABLE c",
        "SELECT 1; SELECT 2",
        "SELECT 3",
    )


def test_the_body_of_a_function_of_postgresql_stays_whole() -> None:
    assert statements_of(f"{FUNCTION};\nSELECT a$b$c;\nSELECT d$b$e;\n", "postgresql") == (
        FUNCTION,
        "SELECT a$b$c",  # names
        "SELECT d$b$e",
    )


@pytest.mark.parametrize(
    ("dialect", "quoted"),
    [
        *((dialect, quoted) for dialect in DIALECTS for quoted in ("'a;\n''b;\n'", '"a;\n""b;\n"')),
        *((dialect, "`a;\n``b;\n`") for dialect in ("sqlite", "mariadb")),
        ("sqlite", "[a;\nb]"),
        ("mariadb", "'a\\';\n'"),
        ("mariadb", '"a\\";\n"'),
        ("postgresql", "E'a\\';\n'"),
        ("postgresql", "'a\\'"),
        ("sqlite", "'a\\'"),
    ],
)
def test_quotes_stay_whole(dialect: str, quoted: str) -> None:
    assert statements_of(f"SELECT {quoted};\nSELECT 2;", dialect) == (f"SELECT {quoted}", "SELECT 2")


@pytest.mark.parametrize(
    ("dialect", "comment"),
    [
        *((dialect, comment) for dialect in DIALECTS for comment in ("-- it's;\n", "/* it's;\n */", "/* $$ ;\n*/")),
        ("mariadb", "# it's;\n"),
        ("postgresql", "/* a /* b */ ;\n */"),
    ],
)
def test_comments_stay_whole_and_end_no_statement(dialect: str, comment: str) -> None:
    text = f"{comment}SELECT {comment} 1 {comment};\n{comment}\nSELECT 2; -- two\nSELECT 3; /* three */ -- 3\n{comment}"
    assert statements_of(text, dialect) == (f"{comment}SELECT {comment} 1", f"{comment}\nSELECT 2", "SELECT 3")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_comments_alone_are_no_statement(dialect: str) -> None:
    assert statements_of("-- nothing to undo;\n\n/* at all; */\n", dialect) == ()


@pytest.mark.parametrize("dialect", ["sqlite", "mariadb"])
def test_dollars_are_no_quotes_elsewhere(dialect: str) -> None:
    assert statements_of("SELECT '$$';\nSELECT '$$'", dialect) == ("SELECT '$$'", "SELECT '$$'")


WORDS = st.sampled_from(["CREATE", "a", "(", ")", ",", "1", "=", "$1", "e", "E", ";a", "a$b"])
IN_BODY = st.sampled_from([";\n", "'", '"', "--", "/*", "$", "$$", "$x", "END;\n", "é"])


@st.composite
def bodies(draw: st.DrawFn) -> str:
    tag = draw(st.sampled_from(["$$", "$body$", "$_1$"]))
    body = "".join(draw(st.lists(IN_BODY))).replace(tag, "")
    return f"{tag}{body.rstrip('$')}{tag}"


QUOTED = st.text('a;\n"-/*$', max_size=6).map(lambda text: f"'{text}'")
COMMENTS = st.text("a;'\"$", max_size=6).map(lambda text: f"--{text}\n") | st.just("/* ;\n $$ ' */")
PARTS = st.lists(WORDS | bodies() | QUOTED | COMMENTS, min_size=1, max_size=5)


@settings(max_examples=50)
@given(st.lists(PARTS.map(lambda parts: " ".join(["X", *parts, "Z"])), max_size=4))
def test_statements_of_postgresql_are_found_again(statements: list[str]) -> None:
    assert list(statements_of("".join(f"{statement};\n" for statement in statements), "postgresql")) == statements


@given(st.sampled_from(DIALECTS), st.text("a;\n-# ", max_size=30))
def test_statements_that_were_put_together_are_taken_apart_again(dialect: str, text: str) -> None:
    statements = statements_of(text, dialect)
    assert statements_of("".join(f"{statement};\n" for statement in statements), dialect) == statements
