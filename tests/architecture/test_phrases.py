"""Phrases that a new reader cannot understand, and names that say no role, do not occur under src/cqrs.

Only phrases that are never right stand here. Words that can be right, such as "who" or "says", are for the review.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

import cqrs

PHRASES = {
    r"as the port says": "mark the method with @override, and leave the docstring out",
    r"manieth": '"its place within the transaction, counted from 1"',
    r"leaves? for nowhere": '"was dropped: neither a message_broker nor an outbox is configured"',
    r"behind nothing": '"whose blocker is gone"',
    r"whoever says so": '"whose lease the caller still holds"',
    r"whoever": "name it: the relay, the caller, another transaction",
    r"somebody|someone": "name it: another relay, another transaction",
    r"nobody|no one|anybody|anyone": "name it: no handler, no other process, an operator",
    r"(?:is|are|was|were|be|being|been|gets?) told": "notified, logged, acknowledged, given",
    r"hears?(?!_all)|heard|hearing": "receives, is notified",
    r"tells|telling": "returns, logs, raises",
    r"beside that": '"besides"',
    r"(?:its|their|his) words": "what it returns or sends",
    r"quietly": "a name that says what is suppressed or logged",
    r"keepable": "a name that says where it is kept",
    r"mending": "reconnecting",
    r"as entering": "a name that says what enters where",
    r"advice": "remedy",
    r"class \w*Giver": "a name that says the role",
    r"class Turns": "a name that says the role",
    r"_?Scopeless": "a name that says the role",
}
"""A pattern of whole words, and what to write instead."""


@cache
def _sources() -> dict[str, str]:
    root = Path(cqrs.__file__).parent
    return {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in sorted(root.rglob("*.py"))}


def _pattern(phrase: str) -> re.Pattern[str]:
    """Whole words, also as parts of a name; in prose a phrase may be broken over lines."""
    flexible = phrase.replace(" ", r"(?:\s+#?\s*|_)")
    is_name = re.match(r"_|class ", phrase) is not None
    return re.compile(rf"(?<![a-zA-Z])(?:{flexible})(?![a-zA-Z])", 0 if is_name else re.IGNORECASE)


def _found(phrase: str) -> list[str]:
    """Each place of a phrase: the file, the line and what stands there."""
    return [
        f"{file}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for file, text in _sources().items()
        for match in _pattern(phrase).finditer(text)
    ]


def test_phrases_that_readers_do_not_understand_do_not_occur() -> None:
    found = {phrase: _found(phrase) for phrase in PHRASES}
    assert {f"{phrase}: write {PHRASES[phrase]}": where for phrase, where in found.items() if where} == {}


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("quietly", "def close_quietly(): ..."),
        ("as the port says", "# Closed, as the\n    # port says."),
        ("nobody|no one", "Nobody waits."),
        ("_?Scopeless", "class _Scopeless: ..."),
        ("class \\w*Giver", "class _SessionGiver: ..."),
    ],
)
def test_phrases_are_found_in_names_and_in_broken_lines(phrase: str, text: str) -> None:
    assert _pattern(phrase).search(text)


@pytest.mark.parametrize(("phrase", "text"), [("advice", "advices"), ("hears?", "shears"), ("mending", "amending")])
def test_parts_of_words_are_no_phrases(phrase: str, text: str) -> None:
    assert not _pattern(phrase).search(text)
