"""Generic classes in the library ``di``, asked for with type arguments."""

from __future__ import annotations

import copy
from typing import Any, cast, get_origin

from di.api.dependencies import DependencyParameter, DependentBase
from di.dependent import Dependent, Marker
from di.typing import get_markers_from_annotation

from cqrs._introspection.generics import runtime_class
from cqrs._introspection.hints import filled, type_variables, without_metadata, without_none
from cqrs.container.resolving.autowiring import is_interface, is_value


class GenericDependent(Dependent[Any]):
    """Makes ``Service[User]`` with parameters that depend on ``User``; ``di`` itself ignores the type argument."""

    @property
    def cache_key(self) -> Any:
        """Return the key of an ordinary dependent, so that both share an instance."""
        return (Dependent, *cast("tuple[Any, ...]", super().cache_key)[1:])

    def get_dependencies(self) -> list[DependencyParameter]:
        """Return the dependencies of the class, with its type variables replaced."""
        variables = type_variables(self.call)
        if not variables:
            return super().get_dependencies()
        bare = copy.copy(self)
        bare.call = get_origin(self.call) or self.call
        return [self._filled(needed, variables) for needed in super(GenericDependent, bare).get_dependencies()]

    def _filled(self, needed: DependencyParameter, variables: dict[Any, Any]) -> DependencyParameter:
        parameter = needed.parameter
        if parameter is None:
            return needed
        annotation: Any = filled(parameter.annotation, variables)
        if annotation is parameter.annotation:
            return needed
        parameter = parameter.replace(annotation=annotation)
        marker = next(get_markers_from_annotation(annotation, Marker), None) or self.get_default_marker()
        return DependencyParameter(marker.register_parameter(parameter), parameter)


def with_type_arguments(asked: Any, dependent: DependentBase[Any]) -> DependentBase[Any]:
    """Return ``dependent``, or one that respects the type arguments of ``asked``, if ``dependent`` would not."""
    exact = without_none(without_metadata(asked))
    cls, call, kind = runtime_class(exact), cast("Any", dependent.call), cast("Any", type(dependent))
    if kind is not Dependent or call is None or cls is None or is_interface(cls) or is_value(cls):
        return dependent
    alias: Any = exact if call is get_origin(exact) else call
    if not type_variables(alias):
        return dependent
    return GenericDependent(
        alias, scope=dependent.scope, use_cache=dependent.use_cache, wire=cast("Any", dependent).wire
    )
