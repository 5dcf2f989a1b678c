r"""Takes a file of SQL apart into statements, because most drivers run one at a time.

A statement ends with a `;` that is the last thing in its line, but for spaces and comments. One in quotes, in a comment
or in the ``$$`` or ``$tag$`` of a function of PostgreSQL ends nothing. SQLite and MariaDB have no such
mark around the body of a trigger or a function: write a body of several statements there in one line.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = r"[^\W\d][\w$]*"  # a `$` within a name opens no body
_BODY = r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
_TEXT = r"'(?:[^']|'')*(?:'|\Z)"
_TEXT_WITH_BACKSLASHES = r"'(?:[^'\\]|\\.|'')*(?:'|\Z)"
_QUOTED = r'"(?:[^"]|"")*(?:"|\Z)'
_QUOTED_WITH_BACKSLASHES = r'"(?:[^"\\]|\\.|"")*(?:"|\Z)'
_BETWEEN_BACKTICKS = r"`(?:[^`]|``)*(?:`|\Z)"
_IN_BRACKETS = r"\[[^\]]*(?:\]|\Z)"

_WHOLE = {
    "sqlite": (_NAME, _TEXT, _QUOTED, _BETWEEN_BACKTICKS, _IN_BRACKETS),
    "postgresql": (f"[eE]{_TEXT_WITH_BACKSLASHES}", _NAME, _BODY, _TEXT, _QUOTED),
    "mariadb": (_NAME, _TEXT_WITH_BACKSLASHES, _QUOTED_WITH_BACKSLASHES, _BETWEEN_BACKTICKS),
}
_LINE_COMMENT = {"sqlite": r"--[^\n]*", "postgresql": r"--[^\n]*", "mariadb": r"(?:--(?=\s|\Z)|\#)[^\n]*"}
_COMMENT_MARK = re.compile(r"/\*|\*/")


def statements_of(text: str, dialect: str) -> tuple[str, ...]:
    """The statements of ``text`` for ``sqlite``, ``postgresql`` or ``mariadb``, without the ``;`` at their ends.

    None ends with a comment, so a ``;`` can be put behind each.
    """
    statements = [""]
    code = 0  # how much of the last statement ends with something else than a comment
    for kind, part in _parts(text, dialect):
        if kind == "semicolon":
            statements = [*statements[:-1], statements[-1][:code], ""]
            code = 0
            continue
        statements[-1] += part
        if kind == "code":
            code = len(statements[-1])
    statements[-1] = statements[-1][:code]
    return tuple(statement.strip() for statement in statements if statement.strip())


def _parts(text: str, dialect: str) -> Iterator[tuple[str, str]]:
    """The kind of each part of ``text``, and the part."""
    position = 0
    while part := _pattern(dialect).match(text, position):
        opens_comment = part["block_comment"] is not None
        end = _end_of_comment(text, position, nests=dialect == "postgresql") if opens_comment else part.end()
        yield ("comment" if opens_comment else part.lastgroup or "code"), text[position:end]
        position = end


@cache
def _pattern(dialect: str) -> re.Pattern[str]:
    comment = _LINE_COMMENT[dialect]
    return re.compile(
        rf"(?P<semicolon>;(?:[ \t\r]|{comment}|/\*[^\n]*?\*/)*(?=\n|\Z))"
        rf"|(?P<comment>\s+|{comment})|(?P<block_comment>/\*)"
        rf"|(?P<code>{'|'.join(_WHOLE[dialect])}|.)",
        re.DOTALL,
    )


def _end_of_comment(text: str, start: int, *, nests: bool) -> int:
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, start):
        if mark.group() == "*/":
            depth -= 1
        elif nests or depth == 0:
            depth += 1
        if depth == 0:
            return mark.end()
    return len(text)
