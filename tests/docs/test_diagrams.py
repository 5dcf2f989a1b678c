"""The diagrams on the pages are ones that mermaid can draw."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, pages

if TYPE_CHECKING:
    from collections.abc import Callable

DIAGRAMS = [
    pytest.param(diagram, id=f"{page.relative_to(ROOT)}-{number}")
    for page in pages()
    for number, diagram in enumerate(re.findall(r"^```mermaid\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))
]


@pytest.mark.parametrize("diagram", DIAGRAMS)
def test_diagram_of_the_page_can_be_drawn(diagram: str, mermaid_parse: Callable[[str], None]) -> None:
    mermaid_parse(diagram)
