"""Compares the functions and sequences of a database with the steps that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs.migrations.routines import routines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, TextClause

    from cqrs.migrations.steps import Step

# Each returns a row for what has that name, with whether it is as it should be. MariaDB shows a body as it likes.
_OF_POSTGRESQL = {
    "function": text("""
        SELECT function.prosrc = CAST(:body AS text) AND language.lanname = CAST(:language AS text)
        FROM pg_proc AS function JOIN pg_language AS language ON language.oid = function.prolang
        WHERE function.proname = CAST(:name AS text) AND pg_function_is_visible(function.oid)
        AND CAST(function.proargtypes AS text) = (
            SELECT coalesce(string_agg(coalesce(CAST(CAST(to_regtype(type) AS oid) AS text), '?'), ' ' ORDER BY n), '')
            FROM unnest(CAST(:types AS text[])) WITH ORDINALITY AS argument (type, n)
        )
    """),
    "sequence": text("""
        SELECT seqtypid = to_regtype(CAST(:type AS text)) AND seqincrement = CAST(:increment AS bigint)
            AND seqcache = CAST(:cache AS bigint) AND seqcycle = CAST(:cycle AS boolean)
        FROM pg_sequence WHERE seqrelid = to_regclass(CAST(:name AS text))
    """),
}
_OF_MARIADB = {
    "function": text(
        "SELECT 1 FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = :name"
    ),
    "sequence": text(
        "SELECT 1 FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name = :name AND table_type = 'SEQUENCE'"
    ),
}
_QUERIES: dict[str, dict[str, TextClause]] = {
    "postgresql": _OF_POSTGRESQL,
    "mariadb": _OF_MARIADB,
    "sqlite": {},
}


def routine_problems(connection: Connection, steps: Iterable[Step]) -> Iterator[str]:
    """What functions and sequences of ``steps`` are missing or differ, one sentence each."""
    queries = _QUERIES[capabilities_of(connection.dialect).name]
    for routine in routines_of(steps):
        found = connection.execute(queries[routine.kind], routine.details).scalars().all()
        if not any(found):
            problem = f"differs from that of {routine.step}" if found else "is missing"
            yield f"{routine.step.table}: the {routine.title} {problem}"
