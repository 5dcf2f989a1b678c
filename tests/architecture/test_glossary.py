"""Each word of a public name or setting is in the glossary, unless it is plain English or everyday Python."""

from __future__ import annotations

import re

from tests.docs.vocabulary import GLOSSARY, explained, public_names, words_of


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


ENGLISH = words(
    """
    across action actual add added address again age all already argument arguments attach base before begin begins
    begun block break busy by call cannot clear close conflict connection count create created current data
    default detail does down duration elsewhere enable ended ending enter error errors every exist expected fail
    file first fits forget from get given groups hands has how id ids implemented insert install is itself kind
    last later leave level limit list local longest lose loss lost make many max may min mismatch more name
    needed needs new no not note number oldest opened options order other out outer output own pass password
    path pause prepare process reason receive refused remove required row rows run running second seconds seen
    send sends servers settings show size started statements stop table tables takes task text the time
    timeout title unsupported until untouched update used user value versions wanted was what when while
    without write writers writing written yes
    """
)
"""Words that every reader knows, and that mean here what they mean anywhere."""

PYTHON = words(
    """
    aclose app args attribute bytes cls column db dict driver exc exceptions func generator immutable init
    kwargs logger logging method mixin modules obj self timestamp types
    """
)
"""Words that every author of Python services knows."""


def test_each_word_of_a_public_name_is_explained() -> None:
    names: dict[str, list[str]] = {}
    for name in sorted(public_names()):
        for word in words_of(name):
            names.setdefault(word, []).append(name)
    unexplained = {word: where[:3] for word, where in names.items() if word not in explained() | ENGLISH | PYTHON}
    assert unexplained == {}, "explain these in docs/reference/glossary.md, or take words that the reader knows"


def test_plain_words_are_not_explained() -> None:
    assert sorted((ENGLISH | PYTHON) & explained()) == []


def test_each_row_of_the_glossary_has_a_word_in_use() -> None:
    used = {word for name in public_names() for word in words_of(name)}
    rows = re.findall(r"^\| (?!word |---)([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    assert [row for row in rows if used.isdisjoint(words_of(row))] == []


def test_no_term_of_the_glossary_is_explained_twice() -> None:
    rows = re.findall(r"^\| (?!word |---)([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    terms = [term.strip() for row in rows for term in row.split(",")]
    assert sorted({term for term in terms if terms.count(term) > 1}) == []


def test_words_are_found_in_every_style_of_names() -> None:
    assert words_of("AMQPMessageBroker") == ["amqp", "message", "broker"]
    assert words_of("max_ack_pending") == words_of("maxAckPending") == ["max", "ack", "pending"]
    assert words_of("OUTBOX_SQLA_TABLE") == ["outbox", "sqla", "table"]
