"""The name of a test begins with its subject: "orphaned blocked messages are released"."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RIDDLE = re.compile(r"^ *(?:async )?def (test_(?:what|who)\w*)", re.MULTILINE)


def test_names_of_tests_begin_with_their_subject() -> None:
    files = [path for folder in ("tests", "src") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 500
    assert [name for path in files for name in RIDDLE.findall(path.read_text())] == []
