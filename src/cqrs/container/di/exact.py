"""What the library ``di`` makes of a generic class that is asked for with type arguments."""

from __future__ import annotations

import copy
from typing import Any, cast, get_origin

from di.api.dependencies import DependencyParameter, DependentBase
from di.dependent import Dependent, Marker
from di.typing import get_markers_from_annotation

from cqrs._introspection.generics import runtime_class
from cqrs._introspection.hints import filled, plain, type_variables, unannotated
from cqrs.container.resolving.autowiring import is_interface, is_value


class Exact(Dependent[Any]):
    """Of ``Service[User]`` it makes a ``Service`` with what its parameters mean then; ``di`` drops the argument."""

    @property
    def cache_key(self) -> Any:
        """That of a usual one: whoever asks for the same gets the same."""
        return (Dependent, *cast("tuple[Any, ...]", super().cache_key)[1:])

    def get_dependencies(self) -> list[DependencyParameter]:
        """Those of the class, with its type variables filled in."""
        variables = type_variables(self.call)
        if not variables:
            return super().get_dependencies()
        bare = copy.copy(self)
        bare.call = get_origin(self.call) or self.call
        return [self._filled(needed, variables) for needed in super(Exact, bare).get_dependencies()]

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


def exactly(asked: Any, dependent: DependentBase[Any]) -> DependentBase[Any]:
    """``dependent``, or what makes ``asked`` with its arguments where that would make the bare class."""
    exact = plain(unannotated(asked))
    cls, call, kind = runtime_class(exact), cast("Any", dependent.call), cast("Any", type(dependent))
    if kind is not Dependent or call is None or cls is None or is_interface(cls) or is_value(cls):
        return dependent
    alias: Any = exact if call is get_origin(exact) else call
    if not type_variables(alias):
        return dependent
    return Exact(alias, scope=dependent.scope, use_cache=dependent.use_cache, wire=cast("Any", dependent).wire)
