"""The names of a package, each imported from its module when it is first used."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MISSING_DRIVER = "cqrs.{} needs it: install cqrskit[sqlite], cqrskit[postgres] or cqrskit[mariadb]."


def lazy_names(
    package: str,
    names_in: Mapping[str, tuple[str, ...]],
    *,
    modules: tuple[str, ...] = (),
    with_driver: tuple[str, ...] = (),
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the functions ``__getattr__`` and ``__dir__`` of ``package``.

    ``names_in`` lists the names that each module offers. Modules directly below ``package`` that are in this table or
    in ``modules`` can be used after an import of ``package`` alone. If a name of ``with_driver`` is used and a module
    that it needs is not installed, the ``ModuleNotFoundError`` gets a note with the extra to install.
    """
    module_of = {name: module for module, names in names_in.items() for name in names}
    prefix = f"{package}."
    submodules = {module.removeprefix(prefix).partition(".")[0] for module in names_in if module.startswith(prefix)}
    submodules.update(modules)

    def get(name: str) -> object:
        if name in module_of:
            try:
                value = getattr(import_module(module_of[name]), name)
            except ModuleNotFoundError as error:
                if name in with_driver:
                    error.add_note(_MISSING_DRIVER.format(name))
                raise
            setattr(sys.modules[package], name, value)
            return value
        if name in submodules:
            return import_module(f"{prefix}{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *module_of})

    return get, list_names
