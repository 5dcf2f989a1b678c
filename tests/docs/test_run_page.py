from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import BadPage, blocks
from tests.docs.test_pages import run_page

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def outcome(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[bool, str]:
    page = tmp_path / "page.md"
    page.write_text(request.param)
    done = run_page(page, tmp_path)
    return done.returncode == 0, done.stdout + done.stderr


GOOD = {
    "blocks share names": "```python\nx = 1\n```\ntext\n```python\nassert x == 1\n```\n",
    "await works, and the loop stays": (
        "```python\nimport asyncio\nqueue = asyncio.Queue()\nawait queue.put(asyncio.get_running_loop())\n```\n"
        "```python\nassert await queue.get() is asyncio.get_running_loop()\n```\n"
    ),
    "a block may have a loop of its own": "```python\nimport asyncio\nasyncio.run(asyncio.sleep(0))\n```\n",
    "an indented block": "1. One\n\n    ```python\n    x = 1\n    if x:\n        print(x)\n    ```\n",
    "a title": '```python title="app.py"\nx = 1\n```\n',
    "a skipped block": "<!-- skip: needs a cluster -->\n\n```python\nraise SystemExit(3)\n```\n",
    "another language": "```sh\nexit 3\n```\n",
    "an expected comment": "```python\nprint('a  \\nb')\n```\n\n<!-- expect:\na\nb\n-->\n",
    "an expected output": "```python\nprint('order 17 placed')\n```\n\nOutput:\n\n```text\norder ... placed\n```\n",
    "classes find their annotations": (
        "```python\nfrom __future__ import annotations\nimport typing\n\n\nclass A: ...\n\n\n"
        "class B:\n    a: A\n\n\nassert typing.get_type_hints(B) == {'a': A}\n```\n"
    ),
}


@pytest.mark.parametrize("outcome", GOOD.values(), ids=GOOD, indirect=True)
def test_it_runs(outcome: tuple[bool, str]) -> None:
    succeeded, output = outcome
    assert succeeded, output


BAD = {
    "an exception with the line of the page": ("Text\n\n```python\nx = 1\nraise KeyError('y')\n```\n", "line 5"),
    "a failing coroutine": (
        "```python\nasync def f():\n    raise KeyError('y')\n\n\nawait f()\n```\n",
        "KeyError: 'y'",
    ),
    "a warning": ("```python\nimport warnings\n\nwarnings.warn('old', DeprecationWarning)\n```\n", "old"),
    "a skipped block that does not compile": ("<!-- skip: later -->\n```python\nclass\n```\n", "SyntaxError"),
    "a skip without a reason": ("<!-- skip: -->\n```python\nx = 1\n```\n", "say why"),
    "another output": ("```python\nprint('a')\n```\n<!-- expect: b -->\n", "-b\n+a"),
    "no output": ("```python\nx = 1\n```\nOutput:\n```text\nb\n```\n", "something else"),
}


@pytest.mark.parametrize(("outcome", "reason"), BAD.values(), ids=BAD, indirect=["outcome"])
def test_it_fails(outcome: tuple[bool, str], reason: str) -> None:
    succeeded, output = outcome
    assert not succeeded
    assert reason in output


def test_a_mark_belongs_to_its_own_block_only() -> None:
    first, second = blocks("<!-- skip: no -->\n```python\na\n```\n\nText.\n\n```python\nb\n```\n")
    assert (first.skip, second.skip) == ("no", None)


def test_a_skip_needs_a_reason() -> None:
    with pytest.raises(BadPage, match="line 3"):
        blocks("<!-- skip:  -->\n```python\na\n```\n")
