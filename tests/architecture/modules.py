"""The modules of the package and what each of them imports, read from the source: nothing is executed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.architecture.rings import LAYERS, LOADS_ITS_DRIVER, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.rings import Layer

SOURCE = Path(__file__).resolve().parents[2] / "src"


class When(Enum):
    """When an import happens."""

    LOADING = "while the module loads"
    CALLING = "when a function is called"
    CHECKING = "for the type checker only"


@dataclass(frozen=True)
class Import:
    """One import of one module by another; `imported` is the module itself, not a name in it."""

    importer: str
    imported: str
    when: When
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported} {self.when.value}"


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its full name."""
    found: dict[str, Path] = {}
    for path in sorted((SOURCE / PACKAGE).rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def facades() -> set[str]:
    """The packages, each of which is the module in its `__init__`."""
    return {name for name, path in modules().items() if path.name == "__init__.py"}


def driverless_facades() -> set[str]:
    """The packages that load no driver, whatever is imported from them."""
    return {name for name in facades() if name.rpartition(".")[2] not in LOADS_ITS_DRIVER}


def layers_of(module: str) -> list[Layer]:
    """Every layer that claims `module`, by its name or else by a pattern; there must be exactly one."""
    named = [layer for layer in LAYERS if module.removeprefix(f"{PACKAGE}.") in layer.modules]
    return named or [layer for layer in LAYERS if any(claims(text, module) for text in layer.modules)]


def claims(text: str, module: str) -> bool:
    """Whether an entry of the table means `module`."""
    return _pattern(text).fullmatch(module.removeprefix(f"{PACKAGE}.")) is not None


def members(layer: Layer) -> list[str]:
    """The modules of `layer` that exist."""
    return [name for name in modules() if name not in facades() and layer in layers_of(name)]


@cache
def imports() -> tuple[Import, ...]:
    """Every import in the package, of its own modules and of others."""
    return tuple(found for name, path in modules().items() for found in _read(name, path))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", text)
    return re.compile("".join({"**": ".*", "*": "[^.]*"}.get(part, re.escape(part)) for part in parts))


def _read(name: str, path: Path) -> Iterator[Import]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    pending: list[tuple[ast.AST, When]] = [(ast.parse(path.read_text(), str(path)), When.LOADING)]
    while pending:
        node, when = pending.pop()
        for imported in _imported(node, package):
            assert isinstance(node, ast.stmt | ast.expr)
            yield Import(name, imported, when, node.lineno)
        for child, then in _children(node, when):
            pending.append((child, then))


def _children(node: ast.AST, when: When) -> Iterator[tuple[ast.AST, When]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and when is When.LOADING:
        when = When.CALLING
    guarded = node.body if isinstance(node, ast.If) and _asks_for_type_checking(node.test) else []
    for child in ast.iter_child_nodes(node):
        yield child, When.CHECKING if child in guarded else when


def _asks_for_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            parents = package.split(".")
            start = ".".join(parents[: len(parents) - level + 1]) if level else ""
            base = ".".join(part for part in (start, module) if part)
            for alias in names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules() else base
        case ast.Call(func=func, args=[ast.Constant(value=str(literal)), *_]) if ast.unparse(func) in {
            "import_module",
            "importlib.import_module",
            "__import__",
        }:
            yield literal
        case _:
            pass
