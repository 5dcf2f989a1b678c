"""Makes validators that can read what pydantic writes for the same model.

Pydantic writes a field under its serialization alias, but reads it under its validation alias. It writes bytes as
``ser_json_bytes`` demands, but reads them by ``val_json_bytes``, and it writes computed fields, which a model that
forbids extra fields rejects. If a model defines only one of two such settings, the validator made here uses it for the
other, too. A field is found under its own name as well.
"""

from __future__ import annotations

import functools
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

# Keys of a schema of pydantic whose values hold no schemas.
_NOT_SCHEMAS = frozenset({"metadata", "serialization", "cls", "default", "computed_fields", "config"})
# Without this some releases use the validator that they built for a nested class, instead of the schema given here.
_OPTIONS: dict[str, Any] = (
    {"_use_prebuilt": False} if "_use_prebuilt" in str(SchemaValidator.__text_signature__) else {}
)


def reader(model: Any) -> Any:
    """Return a validator, with ``validate_json`` and ``validate_python``, that reads what ``model`` writes."""
    try:
        return _reader(model)
    except TypeError:  # it is not hashable, such as an Annotated with a dictionary
        return _reader.__wrapped__(model)


@functools.lru_cache(maxsize=1024)
def _reader(model: Any) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    schema: Any = adapter.core_schema
    changed = _changed(schema)
    return adapter if changed is schema else SchemaValidator(changed, **_OPTIONS)


def _changed(schema: Any) -> Any:
    """Return ``schema`` itself if nothing has to change, or else a changed copy."""
    if isinstance(schema, list | tuple):
        parts = cast("Any", schema)
        items = [_changed(part) for part in parts]
        if all(item is part for item, part in zip(items, parts, strict=True)):
            return parts
        return items if isinstance(schema, list) else tuple(items)
    if not isinstance(schema, dict):
        return schema
    known = cast("Any", schema)
    new: dict[str, Any] = {key: value if key in _NOT_SCHEMAS else _changed(value) for key, value in known.items()}
    kind = new.get("type")
    if kind in ("model-fields", "typed-dict"):
        fields: dict[str, Any] = new["fields"]
        aliases = _aliases(fields.values())
        new["fields"] = {name: _with_aliases(field, name, aliases) for name, field in fields.items()}
    elif kind == "dataclass-args":
        aliases = _aliases(new["fields"])
        new["fields"] = [_with_aliases(field, field["name"], aliases) for field in new["fields"]]
    _accept_what_is_written(new)
    return new if _differs(new, known) else known


def _differs(new: dict[str, Any], known: dict[str, Any]) -> bool:
    if any(new.get(key) is not value for key, value in known.items() if key != "fields"):
        return True
    if "fields" not in known:
        return False
    pairs = zip(_values(new["fields"]), _values(known["fields"]), strict=True)
    return any(field is not before for field, before in pairs)


def _values(fields: Any) -> list[Any]:
    return list(fields.values() if hasattr(fields, "values") else fields)


def _accept_what_is_written(schema: dict[str, Any]) -> None:
    """Change ``schema`` so that bytes are read as they are written, and computed fields are ignored."""
    config: dict[str, Any] | None = schema.get("config")
    if config and "ser_json_bytes" in config and "val_json_bytes" not in config:
        config = schema["config"] = {**config, "val_json_bytes": config["ser_json_bytes"]}
    computes = _computes(schema)
    if computes and config and config.get("extra_fields_behavior") == "forbid":
        schema["config"] = {**config, "extra_fields_behavior": "ignore"}
    if computes and schema.get("extra_behavior") == "forbid":
        schema["extra_behavior"] = "ignore"


def _computes(schema: Any) -> bool:
    if not schema or schema.get("computed_fields"):
        return bool(schema)
    return schema.get("type") not in ("model-fields", "dataclass-args", "typed-dict") and _computes(
        schema.get("schema")
    )


def _aliases(fields: Any) -> set[str]:
    found: set[str] = set()
    for field in fields:
        found.update(path[0] for path in _paths(field.get("validation_alias")))
        found.update([field["serialization_alias"]] if "serialization_alias" in field else [])
    return found


def _with_aliases(field: dict[str, Any], name: str, aliases: set[str]) -> dict[str, Any]:
    """Return ``field`` so that it is found by its aliases, and by its name unless another field has that as alias."""
    paths = _paths(field.get("validation_alias"))
    written = field.get("serialization_alias")
    wanted = [*paths] or [[name]]
    if written is not None and [written] not in wanted:
        wanted.append([written])
    if [name] not in wanted and name not in aliases:
        wanted.append([name])
    return field if wanted == (paths or [[name]]) else {**field, "validation_alias": wanted}


def _paths(alias: Any) -> list[list[Any]]:
    if alias is None:
        return []
    if isinstance(alias, str):
        return [[alias]]
    known = cast("list[Any]", alias)
    return known if known and isinstance(known[0], list) else [known]


def without_input(error: ValidationError) -> str:
    """Return what is wrong, without any value that was validated, because it may be confidential."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(": ".join([".".join(map(str, e["loc"])), e["msg"]][not e["loc"] :]) for e in found)
