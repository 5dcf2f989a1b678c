"""The functions and sequences that steps make, read from their statements.

The statements have to follow these rules: arguments of a function have names, as in ``append(stream text, expected
bigint DEFAULT 0)``; its body is within ``$$`` or ``$tag$``; there are not two functions of one name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cqrs.migrations.steps import Step

_STATEMENT = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?P<verb>CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?P<kind>FUNCTION|SEQUENCE)\s+"
    r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?P<name>\w+)\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_BODY = re.compile(r"\bAS\s+\$(?P<tag>\w*)\$(?P<body>.*?)\$(?P=tag)\$", re.IGNORECASE | re.DOTALL)
_MODE = re.compile(r"(?:IN|INOUT|VARIADIC)\s+", re.IGNORECASE)
_DEFAULT = re.compile(r"\s+DEFAULT\s.*|\s*=.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Routine:
    """A function or a sequence as ``step`` makes it; its ``title`` names it in a sentence.

    ``details`` are what a database is asked about: the name, and how it should be.
    """

    step: Step
    kind: str
    title: str
    details: Mapping[str, Any]


def routines_of(steps: Iterable[Step]) -> list[Routine]:
    """What the database has after ``steps``: what they make, as the last of them makes it, without what they drop."""
    found: dict[str, Routine] = {}
    for step in steps:
        for statement in step.up:
            parts = _STATEMENT.match(statement)
            if parts is None:
                continue
            kind, name = parts["kind"].lower(), parts["name"].lower()
            found.pop(f"{kind} {name}", None)
            if parts["verb"].upper() == "CREATE":
                read = _function if kind == "function" else _sequence
                found[f"{kind} {name}"] = read(step, name, parts["rest"])
    return list(found.values())


def _function(step: Step, name: str, rest: str) -> Routine:
    arguments, after = _arguments(rest)
    types = [_type(argument) for argument in arguments if not argument.upper().startswith("OUT ")]
    body = _BODY.search(after)
    around = _BODY.sub(" ", after, count=1)
    language = re.search(r"\bLANGUAGE\s+'?(\w+)", around, re.IGNORECASE)
    details = {
        "name": name,
        "types": types,
        "language": language[1].lower() if language else "sql",
        "body": body["body"] if body else None,
    }
    return Routine(step, "function", f"function {name}({', '.join(types)})", details)


def _sequence(step: Step, name: str, rest: str) -> Routine:
    kind = re.search(r"\bAS\s+(\w+)", rest, re.IGNORECASE)
    details = {
        "name": name,
        "type": kind[1].lower() if kind else "bigint",
        "increment": _number(r"\bINCREMENT\s+(?:BY\s+)?(-?\d+)", rest),
        "cache": _number(r"\bCACHE\s+(\d+)", rest),
        "cycle": re.search(r"(?<!\bNO\s)\bCYCLE\b", rest, re.IGNORECASE) is not None,
    }
    return Routine(step, "sequence", f"sequence {name}", details)


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.IGNORECASE)
    return int(found[1]) if found else 1


def _arguments(text: str) -> tuple[list[str], str]:
    """The arguments between the parentheses that ``text`` begins with, and what comes after these."""
    depth, begin = 0, 1
    found: list[str] = []
    for place, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 or (depth == 1 and character == ","):
            found.append(text[begin:place].strip())
            begin = place + 1
        if depth == 0:
            return [argument for argument in found if argument], text[begin:]
    return [], text


def _type(argument: str) -> str:
    """The type of an argument, which stands between its name and its default."""
    _, _, kind = _DEFAULT.sub("", _MODE.sub("", argument, count=1)).partition(" ")
    return " ".join(kind.lower().split())
