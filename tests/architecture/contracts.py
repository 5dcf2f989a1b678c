"""Writes the contracts of import-linter from the table of rings: `python -m tests.architecture.contracts > FILE`.

import-linter follows chains of imports, which the tests of this folder do not: an inner module must not reach a driver
through any number of others.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tests.architecture.modules import driverless_facades, members, modules
from tests.architecture.rings import ADAPTERS, ASSEMBLY, DRIVERS, EDGE, ENGINES, LAYERS, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.architecture.rings import Layer


def contracts() -> str:
    """The text of a configuration that names only modules that exist."""
    present = [layer for layer in LAYERS if members(layer)]
    sections = [
        _section(
            "importlinter",
            root_package=PACKAGE,
            include_external_packages="True",
            exclude_type_checking_imports="True",
        )
    ]
    rows = [" : ".join(name for layer in row for name in members(layer)) for _, row in groupby(reversed(present), _row)]
    sections.append(
        _section(
            "importlinter:contract:rings",
            name="Imports point inward",
            type="layers",
            layers=rows,
        )
    )
    inner = [name for layer in present if layer.ring <= ENGINES for name in members(layer)]
    sections.append(
        _forbidden(
            "drivers", "Rings 0 to 3 and package __init__s reach no driver", [*inner, *driverless_facades()], DRIVERS
        )
    )
    testing = [name for name in modules() if name.startswith(f"{PACKAGE}.testing")]
    production = [name for name in modules() if name not in testing]
    sections.append(_forbidden("testing", "Production code does not import cqrs.testing", production, testing))
    for layer in present:
        if layer.ring not in {ADAPTERS, EDGE}:
            continue
        hidden = [other for other in present if other.ring == layer.ring and other is not layer]
        if layer.ring == ADAPTERS:
            hidden += [other for other in present if other.ring in {ENGINES, ASSEMBLY}]
        others = [name for other in hidden for name in members(other)]
        title = f"{layer.name} knows nothing of its siblings"
        sections.append(_forbidden(f"{layer.name}-alone", title, members(layer), others))
    return "\n".join(section for section in sections if section)


def _row(layer: Layer) -> object:
    """Adapters share a row, because none is above another. So does what stands at the edge."""
    return layer.ring if layer.ring in {ADAPTERS, EDGE} else layer


def _forbidden(key: str, name: str, sources: Collection[str], forbidden: Collection[str]) -> str:
    if not sources or not forbidden:
        return ""
    return _section(
        f"importlinter:contract:{key}",
        name=name,
        type="forbidden",
        source_modules=sorted(sources),
        forbidden_modules=sorted(forbidden),
        as_packages="False",
    )


def _section(title: str, **options: str | list[str]) -> str:
    lines = [f"[{title}]"]
    for option, value in options.items():
        if isinstance(value, str):
            lines.append(f"{option} = {value}")
        else:
            lines += [f"{option} =", *(f"    {item}" for item in value)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(contracts())  # noqa: T201  # the output of the command
