"""Text of Mermaid diagrams: safe names, one id for each thing that is drawn, indented blocks."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from cqrs._introspection.callables import written
from cqrs._introspection.type_text import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable

# What Mermaid could take for syntax or for Markdown: everything but words, spaces and the punctuation of types. Dots
# and underscores stay inside a word only (`__x__` is bold there), and "direction TB" is a command wherever it stands.
_SYNTAX: Final = re.compile(r"[^\w ,|'.\[\]]|\ufb02|(?<![^\W_])[._]|[._](?![^\W_])|(?<=direction) ")
# Mermaid's keywords in class diagrams are lower case, so a capitalised ASCII word is an id as it is.
_CAPITALISED: Final = re.compile(r"[A-Z][A-Za-z0-9_]*")


def visible(text: str) -> str:
    """``text`` as one line that is not empty, with what cannot be printed as a Python string literal shows it."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return " ".join(printable.split()) or "unnamed"


def escaped(text: str) -> str:
    """``visible(text)``, as Mermaid shows it and never reads it as syntax."""
    return _SYNTAX.sub(lambda match: f"#{ord(match[0])};", visible(text))


class Names:
    """Ids and labels of the classes and functions of one diagram; equal input gives equal names.

    A label is the short name; where two subjects share it, each gets its module in front, and a number if that does
    not tell them apart either. What was not passed as a subject is labelled with its short name.
    """

    def __init__(self, subjects: Iterable[object]) -> None:
        distinct = {id(subject): subject for subject in subjects}
        shorts = {identity: visible(short_name(subject)) for identity, subject in distinct.items()}
        shared = Counter(shorts.values())
        self._subjects = distinct  # kept alive, so that no other object gets one of these identities
        self._labels: dict[int, str] = {}
        self._ids: dict[int, str] = {}
        labels, ids = set[str](), set[str]()
        for identity, subject in distinct.items():
            short = shorts[identity]
            label = short if shared[short] == 1 else visible(f"{written(subject).__module__}.{short}")
            self._labels[identity] = _unused(label, labels, "{} ({})")
            self._ids[identity] = _unused(_id(short), ids, "{}_{}")

    def label(self, subject: object) -> str:
        """What the diagram calls ``subject``, not escaped yet."""
        return self._labels.get(id(subject)) or short_name(subject)

    def id(self, subject: object) -> str:
        """The id of one of the subjects: ASCII, and no keyword of Mermaid."""
        return self._ids[id(subject)]


class DiagramText:
    """The lines of one diagram, indented by block."""

    def __init__(self, kind: str) -> None:
        self._lines = [kind]
        self._depth = 1

    def line(self, text: str) -> None:
        """One line of the current block. Names in it must be escaped."""
        self._lines.append("    " * self._depth + text)

    def open(self, text: str) -> None:
        """A line that begins a block."""
        self.line(text)
        self._depth += 1

    def turn(self, text: str) -> None:
        """A line that ends the first part of a block and begins another, as ``else`` does."""
        self.close(text)
        self._depth += 1

    def close(self, text: str) -> None:
        """The line that ends a block."""
        self._depth -= 1
        self.line(text)

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def _id(name: str) -> str:
    return name if _CAPITALISED.fullmatch(name) else "C_" + re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")


def _unused(wanted: str, used: set[str], numbered: str) -> str:
    name, number = wanted, 2
    while name in used:
        name, number = numbered.format(wanted, number), number + 1
    used.add(name)
    return name
