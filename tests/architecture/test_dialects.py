"""Databases are asked what they can do, by `capabilities_of`, and not for their name."""

from __future__ import annotations

import ast
from pathlib import Path

import cqrs

PACKAGE = Path(cqrs.__file__).parent
DATABASES = {"postgresql", "sqlite", "mysql", "mariadb"}
DRIVERS = {"asyncpg", "aiosqlite", "asyncmy", "aiomysql", "pymysql", "psycopg2"}
ALLOWED = {
    "_sqlalchemy/dialects.py": "it says what each of them can do",
    "errors/driver_codes.py": "numbers of errors are those of MariaDB only if a driver for it has raised them",
    "migrations/steps.py": "folders of migrations",
    "outbox/log/migrating.py": "a folder of migrations",
    "cli/db.py": "what a user types",
    "migrations/splitting.py": "grammars, by folder of migrations",
    "migrations/comparing_routines.py": "queries, by folder of migrations",
}


def names_in(source: str) -> set[str]:
    """The names of databases and drivers among the texts of a module, and its questions for them."""
    tree = ast.parse(source)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    asked = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for part in (node.left, *node.comparators)
        if ast.unparse(part).endswith(("dialect.name", "dialect.driver", "get_backend_name()", "get_driver_name()"))
    }
    return texts & (DATABASES | DRIVERS) | asked


def test_no_module_asks_for_the_name_of_a_database() -> None:
    found = {str(file.relative_to(PACKAGE)): names_in(file.read_text("utf-8")) for file in PACKAGE.rglob("*.py")}
    asking = {name: sorted(names) for name, names in found.items() if names}
    assert {name: names for name, names in asking.items() if name not in ALLOWED} == {}
    assert ALLOWED.keys() - asking.keys() == set()


def test_the_questions_are_seen() -> None:
    assert names_in("a = session.bind.dialect.name != other") == {"session.bind.dialect.name != other"}
    assert names_in("a = kind in {'sqlite'}") == {"sqlite"}
    assert names_in("Index('a', postgresql_where=b)") == set()
