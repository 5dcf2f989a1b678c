"""Writes Mermaid diagrams: escaped names, one id for each element, indented blocks."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from cqrs._introspection.callables import unwrapped_function
from cqrs._introspection.type_text import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable

# Characters that Mermaid could read as syntax or Markdown: all but words, spaces and the punctuation of types. Dots and
# underscores are safe only inside a word (`__x__` is bold), and "direction TB" is a command wherever it stands.
_SYNTAX: Final = re.compile(r"[^\w ,|'.\[\]]|\ufb02|(?<![^\W_])[._]|[._](?![^\W_])|(?<=direction) ")
# Mermaid's keywords in class diagrams are lower case, so a capitalised ASCII word is an id as it is.
_CAPITALISED: Final = re.compile(r"[A-Z][A-Za-z0-9_]*")


def visible(text: str) -> str:
    """Return ``text`` as one non-empty line; characters that cannot be printed become Python escapes."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return " ".join(printable.split()) or "unnamed"


def escaped(text: str) -> str:
    """Return ``visible(text)`` escaped, so that Mermaid shows it and never reads it as syntax."""
    return _SYNTAX.sub(lambda match: f"#{ord(match[0])};", visible(text))


class Names:
    """Ids and labels of the classes and functions of one diagram; equal input gives equal names.

    A label is the short name. If two subjects share it, each gets its module as a prefix, and a number if these are the
    same, too. An object that was not passed as a subject is labelled with its short name.
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
            label = short if shared[short] == 1 else visible(f"{unwrapped_function(subject).__module__}.{short}")
            self._labels[identity] = _unused(label, labels, "{} ({})")
            self._ids[identity] = _unused(_id(short), ids, "{}_{}")

    def label(self, subject: object) -> str:
        """Return the label of ``subject``, not escaped."""
        return self._labels.get(id(subject)) or short_name(subject)

    def id(self, subject: object) -> str:
        """Return the id of one of the subjects: ASCII, and no keyword of Mermaid."""
        return self._ids[id(subject)]


class DiagramText:
    """The lines of one diagram, indented by block."""

    def __init__(self, kind: str) -> None:
        self._lines = [kind]
        self._depth = 1

    def line(self, text: str) -> None:
        """Add a line to the current block. Names in it must be escaped."""
        self._lines.append("    " * self._depth + text)

    def open(self, text: str) -> None:
        """Add a line that begins a block."""
        self.line(text)
        self._depth += 1

    def next_part(self, text: str) -> None:
        """Add a line that ends one part of a block and begins the next, as ``else`` does."""
        self.close(text)
        self._depth += 1

    def close(self, text: str) -> None:
        """Add the line that ends a block."""
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
