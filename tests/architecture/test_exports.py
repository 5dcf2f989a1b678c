from __future__ import annotations

import types
from importlib import import_module

import pytest

from tests.architecture.modules import facades

PUBLIC = sorted(name for name in facades() if not any(part.startswith("_") for part in name.split(".")))


@pytest.mark.parametrize("package", PUBLIC)
def test_all_names_exactly_what_the_package_offers(package: str) -> None:
    module = import_module(package)
    offered = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name != "annotations"
    }
    listed = set(getattr(module, "__all__", ()))
    with_driver = set(getattr(module, "_WITH_DRIVER", ()))  # they are there once they were used
    assert offered - with_driver <= listed, "add these to __all__ or give them a leading underscore"
    assert [name for name in listed if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", PUBLIC)
def test_all_is_sorted(package: str) -> None:
    listed = list(getattr(import_module(package), "__all__", ()))
    assert listed == sorted(set(listed), key=_isort_style)


def _isort_style(name: str) -> tuple[int, str]:
    """As ruff's RUF022 wants it: constants, then classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1, name) if name[:1].isupper() else (2, name)
