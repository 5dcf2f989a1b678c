from __future__ import annotations

import sys
from itertools import pairwise

from tests.architecture.modules import Import, When, claims, facades, imports, layers_of, modules
from tests.architecture.rings import ADAPTERS, ALWAYS_THERE, EDGE, FOUNDATION, LAYERS, MAY_IMPORT, PACKAGE, Layer

LEAVES = [name for name in modules() if name not in facades()]


def test_every_module_is_in_exactly_one_layer() -> None:
    wrong = {name: [layer.name for layer in layers_of(name)] for name in LEAVES if len(layers_of(name)) != 1}
    assert not wrong, "give each of these one layer in tests/architecture/rings.py"


def test_every_entry_of_the_table_stands_for_something() -> None:
    stale = [text for layer in LAYERS for text in layer.modules if not any(claims(text, name) for name in LEAVES)]
    assert not stale, "no module has such a name: remove these from tests/architecture/rings.py"


def test_layers_are_listed_from_the_inside_out() -> None:
    assert all(inner.ring <= outer.ring for inner, outer in pairwise(LAYERS))


def test_imports_point_inward() -> None:
    inside = [found for found in imports() if found.imported in modules() and found.importer not in facades()]
    wrong = [str(found) for found in inside if found.imported not in facades() and not _allowed(found)]
    assert not wrong


def _allowed(found: Import) -> bool:
    """Imports for the type checker obey the rings as well: a module that names an outer type in a signature cannot be
    read without it. Only within a ring may they point anywhere, because there they close no circle at run time."""
    importer, imported = _layer(found.importer), _layer(found.imported)
    if importer is None or imported is None or importer == imported:
        return True
    if importer.ring != imported.ring:
        return imported.ring in MAY_IMPORT[importer.ring]
    if importer.ring in {ADAPTERS, EDGE}:
        return False
    return found.when is When.CHECKING or LAYERS.index(imported) < LAYERS.index(importer)


def _layer(module: str) -> Layer | None:
    """`None` for a module without exactly one, about which another test complains."""
    layers = layers_of(module)
    return layers[0] if len(layers) == 1 else None


def test_no_module_imports_a_package_instead_of_the_module_that_defines_a_name() -> None:
    # `cqrs` is the outermost package: a module that imports it imports everything, and closes a circle.
    wrong = [str(found) for found in imports() if found.imported in facades() and found.importer != PACKAGE]
    assert not wrong


# A package that stands for another one under its established name, and a class under the name of its topic.
PROMISED = {
    ("cqrs.deserializers", "cqrs.serializers"),
    ("cqrs.deserializers", "cqrs.errors"),
    ("cqrs.events", "cqrs.handlers"),
}


def test_a_package_re_exports_only_what_lies_below_it() -> None:
    wrong = [
        str(found)
        for found in imports()
        if found.importer in facades()
        and found.imported.partition(".")[0] == PACKAGE
        and not found.imported.startswith((f"{found.importer}.", f"{PACKAGE}._lazy_names"))
        and (found.importer, found.imported.rpartition(".")[0]) not in PROMISED
    ]
    assert not wrong


def test_third_parties_are_imported_only_where_the_table_allows_it() -> None:
    wrong: list[str] = []
    for found in imports():
        top = found.imported.partition(".")[0]
        if top in sys.stdlib_module_names or top == PACKAGE:
            continue
        if top not in _third_parties(found.importer):
            wrong.append(str(found))
    assert not wrong, "a driver belongs into an adapter of its own, with its own layer"


def _third_parties(module: str) -> frozenset[str]:
    if module in facades():
        return frozenset()
    layer = _layer(module)
    if layer is None:
        return ALWAYS_THERE
    base = frozenset({"typing_extensions"}) if layer.ring == FOUNDATION else ALWAYS_THERE
    return base | layer.drivers


def test_an_adapter_has_one_driver() -> None:
    assert not [layer.name for layer in LAYERS if layer.ring == ADAPTERS and len(layer.drivers) > 1]


def test_production_code_does_not_import_the_testing_package() -> None:
    testing = f"{PACKAGE}.testing"
    wrong = [
        str(found)
        for found in imports()
        if found.imported.startswith(testing) and not found.importer.startswith(testing)
    ]
    assert not wrong
