"""What the tour prints: chapters, what goes over the wire, and a tick for every fact that held."""

import json
import time
from http import HTTPStatus
from typing import Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_LONGEST = 160


class FactFailed(Exception):
    """Something that the tour says about the shop does not hold."""


class Report:
    """Prints to ``console``. ``facts`` counts the ticks; ``held`` is set when there is nothing left to check."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()
        self.facts = 0
        self.held = False
        self._chapters = 0
        self._ticked = False
        self._plain = console.options.ascii_only

    def chapter(self, title: str, told: str) -> None:
        """Begin a chapter with a sentence or two on what it shows."""
        self._chapters += 1
        self._ticked = False
        self.rule(f"[bold]{self._chapters}. {title}")
        self.say(told)

    def rule(self, title: str = "") -> None:
        """A line across, with a title in it."""
        self.console.print()
        self.console.rule(title, align="left", characters="-" if self._plain else "─")

    def say(self, text: str) -> None:
        """A paragraph."""
        self.show(Text(text, style="italic"), above=0)

    def request(self, request: str, body: Any) -> None:
        """What is about to be sent."""
        if self._ticked:
            self.console.print()
        self._wire("→", "->", "cyan", request, body)

    def answer(self, code: int, reason: str, body: Any) -> None:
        """What came back."""
        self._wire("←", "<-", "yellow" if code >= HTTPStatus.BAD_REQUEST else "green", f"{code} {reason}", body)

    def note(self, text: str) -> None:
        """Something that happened in passing."""
        self._line("!", "yellow", Text(text))

    def show(self, picture: RenderableType, above: int = 1) -> None:
        """A text or a table, with room around it."""
        self.console.print(Padding(picture, (above, 3, 1, 3), expand=False))

    def fact(self, statement: str, found: Any, *, expected: Any) -> None:
        """Tick ``statement`` off. Raises ``FactFailed`` unless ``found`` is ``expected``."""
        if found != expected:
            self._line("no" if self._plain else "✗", "bold red", Text(statement))
            self._line("", "", Text(f"expected: {_shortened(repr(expected))}\nfound:    {_shortened(repr(found))}"))
            raise FactFailed(statement)
        self.facts += 1
        self._ticked = True
        self._line("ok" if self._plain else "✓", "bold green", Text(statement))

    def _wire(self, arrow: str, plain: str, style: str, what: str, body: Any) -> None:
        told = "" if body is None else json.dumps(body, ensure_ascii=False)
        self._line(plain if self._plain else arrow, style, Text(what, style).append(f"  {_shortened(told)}", "default"))

    def _line(self, sign: str, style: str, text: Text) -> None:
        line = Table.grid(padding=(0, 1))
        line.add_column(width=2)
        line.add_column(overflow="fold")
        line.add_row(Text(sign, style), text)
        self.console.print(Padding(line, (0, 0, 0, 3), expand=False))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2]} …"
