"""Writes into each page of the reference what its directives `::: name` stand for: `python -m tests.docs.reference`.

The site replaces a directive with the whole docstrings. In a checkout nothing does, so that a block before it has the
outline of the name; `docs/stylesheets/checkout.css` hides that block in the site.
"""

from __future__ import annotations

import re

from tests.docs.outline import outline
from tests.docs.pages import ROOT

PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))

_START, _END = '<div class="in-checkout" data-search-exclude>\n', "</div>\n\n"
_DIRECTIVE = re.compile(
    rf"(?:{re.escape(_START)}.*?{re.escape(_END)})?^::: (?P<name>\S+)\n(?P<options>(?: +[^\n]*\n)*)",
    re.MULTILINE | re.DOTALL,
)
_MEMBERS = re.compile(r"members: \[(.*)\]")
_LEVEL = re.compile(r"heading_level: (\d)")


def written(page: str) -> str:
    """The text of a page with the outline of each name before its directive."""
    return _DIRECTIVE.sub(_with_outline, page)


def _with_outline(directive: re.Match[str]) -> str:
    name, options = directive["name"], directive["options"]
    members, level = _MEMBERS.search(options), _LEVEL.search(options)
    code = outline(name, members[1].split(", ") if members else None)
    heading = f"{'#' * int(level[1] if level else 3)} `{name}`"
    return f"{_START}\n{heading}\n\n```pyi\n{code}\n```\n\n{_END}::: {name}\n{options}"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
