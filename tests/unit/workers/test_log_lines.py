"""Texts of others in log lines."""

from __future__ import annotations

import pytest

from cqrs._text import shown


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("order.placed", "order.placed"),
        ("Bestätigt 🙂", "Bestätigt 🙂"),
        ("a\nERROR root is compromised", "a\\nERROR root is compromised"),
        ("half \ud800", "half \\ud800"),
        ("bell \x07\x1b[31m", "bell \\x07\\x1b[31m"),
        ("a" * 300, "a" * 200 + "… (300 characters)"),
    ],
)
def test_a_text_of_others_is_one_short_line(text: str, line: str) -> None:
    assert shown(text) == line
