"""Step 4: finds NaN and infinity in a body, because JSON has no such numbers."""

from __future__ import annotations

import dataclasses
import decimal
import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import from_json

Found = tuple[str, object]


def json_unfinite(body: bytes, content_type: str) -> Found | None:
    """Return the path and the value of the first NaN or infinity in ``body``; ``None`` if there is none or no JSON."""
    media = content_type.partition(";")[0].strip().lower()
    if media not in {"application/json", "text/json"} and not media.endswith("+json"):
        return None
    try:
        values = from_json(body)
    except ValueError:
        return None
    return unfinite(values)


def unfinite(value: Any, path: str = "") -> Found | None:
    """Like :func:`json_unfinite`, for values that will become JSON: a model would silently write ``null`` for it."""
    if isinstance(value, float | decimal.Decimal):
        finite = value.is_finite() if isinstance(value, decimal.Decimal) else math.isfinite(value)
        return None if finite else (path or "body", value)
    for place, item in _parts(value):
        found = unfinite(item, f"{path}{place}" if path or place[0] != "." else place[1:])
        if found is not None:
            return found
    return None


def _parts(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        if "ser_json_inf_nan" in type(value).model_config:  # the model defines how they are written
            return ()
        value = {**value.__dict__, **(value.model_extra or {})}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        named: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return [(f".{name}", item) for name, item in named.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(f"[{place}]", item) for place, item in enumerate(cast("Iterable[Any]", value))]
    return ()
