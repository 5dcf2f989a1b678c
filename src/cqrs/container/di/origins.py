"""Describes what the dependents of the library ``di`` make their objects with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._introspection.hints import without_metadata, without_none
from cqrs.container.origin import Origin, made_by, shown

if TYPE_CHECKING:
    import inspect
    from collections.abc import Container, Iterator

    import di
    from di.api.dependencies import DependentBase

    from cqrs.container.origin import Origins
    from cqrs.container.resolving.plan import Path


def origins(
    solved: di.SolvedDependent[Any], type_: Any, gaps: Container[DependentBase[Any]]
) -> Iterator[tuple[Path, Origin]]:
    """Yield the origins of all that ``type_`` needs; the ``gaps`` are dependents that cannot be made."""
    seen: set[DependentBase[Any]] = set()

    def walk(dependent: DependentBase[Any], here: Path) -> Origins:
        if dependent in seen or dependent.call is None:
            return
        seen.add(dependent)
        needed = [(part.dependency, _asked(part.parameter, part.dependency)) for part in solved.dag.get(dependent, ())]
        yield here, _origin(dependent, [asked for _, asked in needed], made=dependent not in gaps)
        for part, asked in needed:
            yield from walk(part, (*here, asked))

    yield from walk(solved.dependency, (type_,))


def how_to_bind(name: str, value: str) -> str:
    """Return the code that binds the type ``name`` to ``value``."""
    return f'container.bind(bind_by_type(Dependent(lambda: {value}, scope="singleton"), {name}))'


def _origin(dependent: DependentBase[Any], needs: list[Any], *, made: bool) -> Origin:
    call: Any = dependent.call
    if not made:
        return Origin("nothing", None, "", how_to_bind)
    binding = f"Dependent({shown(call)}, scope={dependent.scope!r})"
    return Origin(made_by(call), call, binding, how_to_bind, tuple(needs))


def _asked(parameter: inspect.Parameter | None, dependent: DependentBase[Any]) -> Any:
    if parameter is None or parameter.annotation is parameter.empty:
        return dependent.call
    return without_metadata(without_none(parameter.annotation))
