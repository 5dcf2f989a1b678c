"""The outline of a public name, read from the source: signatures, and the first sentence of each docstring.

Of a class whose docstring has bullets, which explain its fields, the first paragraph and the bullets are written.

Nothing is evaluated, so that annotations and defaults look as they do in the source, on every version of Python.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH = 110

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | Function

_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?([\w]+)`")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=\W*[A-Z])")
_BULLET = re.compile(r"^\* .*(?:\n  .*)*", re.MULTILINE)


def outline(path: str, members: Sequence[str] | None = None) -> str:
    """The outline of the public name `path`; of a module, that of its `members`, or of its `__all__`."""
    found = named(path)
    if isinstance(found, ModuleType):
        file = Path(inspect.getfile(found))
        text = "\n\n".join(_outline(f"{path}.{name}")[1] for name in members or found.__all__)
    else:
        file, text = _outline(path)
    return f"# {file.relative_to(ROOT)}\n{text}"


def _outline(path: str) -> tuple[Path, str]:
    definitions, file = _source(named(path), path)
    return file, "\n".join(line for each in definitions for line in _written(each))


def named(path: str) -> Any:
    """The object that a dotted name stands for: a name in a module rather than a module of the same name."""
    module, _, name = path.rpartition(".")
    if not module:
        return importlib.import_module(path)
    parent = named(module)
    return getattr(parent, name) if hasattr(parent, name) else importlib.import_module(path)


def _source(found: Any, path: str) -> tuple[list[Definition], Path]:
    """The definitions of an object, several if it is overloaded, and the file that they are in."""
    found = inspect.unwrap(found)
    file = Path(inspect.getfile(found))
    body: Sequence[ast.stmt] = _parsed(file).body
    definitions: list[Definition] = []
    for part in found.__qualname__.split("."):
        definitions = [each for each in _definitions(body) if each.name == part]
        assert definitions, f"{path}: {file} does not define {found.__qualname__}"
        body = definitions[0].body
    return definitions, file


@cache
def _parsed(file: Path) -> ast.Module:
    module = ast.parse(file.read_text(encoding="utf-8"), str(file))
    _WithValues(module).visit(module)
    return module


class _WithValues(ast.NodeTransformer):
    """Writes the value of a private constant in place of its name: a default of `_RETRY` means nothing to a reader."""

    def __init__(self, module: ast.Module) -> None:
        self._values = {
            statement.targets[0].id: statement.value
            for statement in module.body
            if isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and _is_private(statement.targets[0].id)
            and isinstance(statement.value, ast.Call | ast.Constant)
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:  # as `ast` calls it
        return self._values.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def _definitions(body: Sequence[ast.stmt]) -> Iterator[Definition]:
    """The classes and functions of a body; of a function with overloads those, of a property only the getter."""
    found = [each for each in body if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
    overloaded = {each.name for each in found if _is_decorated(each, "overload")}
    for each in found:
        is_implementation = each.name in overloaded and not _is_decorated(each, "overload")
        if not is_implementation and not _is_decorated(each, "setter", "deleter"):
            yield each


def _written(definition: Definition) -> Iterator[str]:
    if not isinstance(definition, ast.ClassDef):
        yield from _function(definition)
        return
    yield from (f"@{_code(each)}" for each in definition.decorator_list if "dataclass" in _code(each))
    bases = [_code(base) for base in definition.bases if not _is_private(_code(base))]
    yield f"class {definition.name}({', '.join(bases)}):" if bases else f"class {definition.name}:"
    parts = [_docstring(definition), *_fields(definition)]
    parts += [
        "\n".join(_function(each))
        for each in _definitions(definition.body)
        if not isinstance(each, ast.ClassDef) and (each.name in {"__init__", "__call__"} or not _is_private(each.name))
    ]
    body = "\n".join(part for part in parts if part) or "..."
    yield textwrap.indent(body, "    ")


def _fields(definition: ast.ClassDef) -> Iterator[str]:
    """The attributes that the body of a class declares: fields of data classes and models, members of enumerations."""
    for statement in definition.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                if name != "model_config" and not _is_private(name):
                    yield _code(statement)
            case _:
                pass


def _function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if _code(decorator) in {"overload", "property", "classmethod", "staticmethod"}:
            yield f"@{_code(decorator)}"
    start = f"{'async ' if isinstance(function, ast.AsyncFunctionDef) else ''}def {function.name}("
    end = f"){f' -> {_code(function.returns)}' if function.returns else ''}:"
    arguments = _arguments(function.args)
    line = start + ", ".join(arguments) + end
    docstring = _docstring(function)
    if len(line) > WIDTH:
        line = "\n".join([start, *(f"    {argument}," for argument in arguments), end])
    yield line if docstring else f"{line} ..."
    if docstring:
        yield textwrap.indent(docstring, "    ")


def _arguments(arguments: ast.arguments) -> list[str]:
    """Each argument as it is written, with the marks `/` and `*` between them."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    written = [_argument(*each) for each in zip(plain, defaults, strict=True)]
    if arguments.posonlyargs:
        written.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg:
        written.append(f"*{_argument(arguments.vararg)}")
    elif arguments.kwonlyargs:
        written.append("*")
    written += [_argument(*each) for each in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        written.append(f"**{_argument(arguments.kwarg)}")
    return written


def _argument(argument: ast.arg, default: ast.expr | None = None) -> str:
    annotated = argument.arg + (f": {_code(argument.annotation)}" if argument.annotation else "")
    if default is None:
        return annotated
    return annotated + (" = " if argument.annotation else "=") + _code(default)


def _code(node: ast.AST) -> str:
    return re.sub(r"(?<!\")'([^'\"]*)'(?!\")", r'"\1"', ast.unparse(node))  # texts in text stay as they are


def _docstring(definition: Definition) -> str:
    """The first sentence of a docstring as a docstring, or nothing; of a class with bullets its paragraph and these."""
    text = ast.get_docstring(definition)
    if not text:
        return ""
    text = _ROLE.sub(r"`\1`", text).replace("``", "`")
    paragraph = " ".join(text.partition("\n\n")[0].split())
    bullets = _BULLET.findall(text) if isinstance(definition, ast.ClassDef) else []
    if not bullets:
        return _wrapped(f'"""{_SENTENCE.split(paragraph, maxsplit=1)[0]}"""')
    items = [_wrapped(" ".join(bullet.split()), "  ") for bullet in bullets]
    return "\n".join([_wrapped(f'"""{paragraph}'), "", *items, '"""'])


def _wrapped(text: str, indent: str = "") -> str:
    lines = textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def _is_private(name: str) -> bool:
    return name.rpartition(".")[2].startswith("_")


def _is_decorated(definition: Definition, *names: str) -> bool:
    return any(ast.unparse(each).rpartition(".")[2] in names for each in definition.decorator_list)
