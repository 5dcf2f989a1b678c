"""One guard of the source code, and all that are listed."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

from tests.twins import lists


@dataclass(frozen=True)
class Twin:
    """One guard: the file under ``src/cqrs``, the text there, the text that replaces it, and the test that then fails.

    ``old`` has to occur exactly once in ``file``. ``test`` is the id of one test as pytest takes it.
    """

    guard: str
    file: str
    old: str
    new: str
    test: str


def topics() -> dict[str, tuple[Twin, ...]]:
    """The twins of each list, by the name of the list."""
    names = sorted(module.name for module in pkgutil.iter_modules(lists.__path__))
    return {name: importlib.import_module(f"{lists.__name__}.{name}").TWINS for name in names}
