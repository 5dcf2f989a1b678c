"""Reads the annotations of one class or function, and evaluates a single annotation."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from typing_extensions import Format, get_annotations

if TYPE_CHECKING:
    from collections.abc import Mapping


def own_annotations(owner: Any) -> dict[str, Any]:
    """Return the annotations of ``owner`` itself, without those of base classes. They may be text."""
    return get_annotations(owner, format=Format.FORWARDREF)


def evaluated(
    annotation: Any,
    names: Mapping[str, Any],
    local_names: Mapping[str, Any] | None = None,
    *,
    include_extras: bool = False,
) -> Any:
    """Return ``annotation``, which may be text, evaluated with ``names``.

    Raises ``NameError`` for a name that is missing, and every error that the expression raises.
    """
    holder = type("holder", (), {"__annotations__": {"it": annotation}})  # a class, so that ClassVar is allowed
    return typing.get_type_hints(holder, {**names}, local_names, include_extras=include_extras)["it"]
