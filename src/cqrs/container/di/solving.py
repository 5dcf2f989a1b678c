"""Works out what the library ``di`` has to build, and explains why that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from di.dependent import Dependent, Marker
from di.exceptions import DependencyInjectionException, ScopeViolationError, SolvingError, UnknownScopeError

from cqrs._introspection.calling import kind_of
from cqrs._introspection.generics import runtime_class, type_name
from cqrs._introspection.hints import without_metadata, without_none, write_inherited_hints
from cqrs.container.builtin import BUILT_IN
from cqrs.container.di.exact import GenericDependent, with_type_arguments
from cqrs.container.di.origins import how_to_bind, origins
from cqrs.container.di.quick import Quick, quick_way
from cqrs.container.resolving.autowiring import RECORDER, is_interface, is_recorder, is_value
from cqrs.container.resolving.provider import marker_of_a_route, not_for_handlers
from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.container.session_types import session_class, unbound_session
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable, Iterator, Sequence

    import di
    from di.api.dependencies import DependentBase
    from di.api.scopes import Scope

    from cqrs.container.origin import Origins

REQUEST = "request"
_FAILURES = (DependencyInjectionException, NameError, TypeError, ValueError)


class Solver:
    """Solves each type once, and again after the bindings of the container have changed."""

    def __init__(self, container: di.Container, scopes: Sequence[Scope], on_change: Callable[[], None]) -> None:
        self.container = container
        self._on_change = on_change
        self._scopes = scopes
        self._solved: dict[Any, di.SolvedDependent[Any]] = {}
        self._ways: dict[Any, Quick | None] = {}
        self.ready: dict[Any, Callable[[], Any]] = {}  # they hold lasting instances: emptied when these are closed
        self.bound: list[Any] = getattr(container, "_bind_hooks", [])
        self.hooks: list[Any] = []  # the bindings for which everything here was worked out

    def solve(self, type_: Any) -> di.SolvedDependent[Any]:
        """Return how ``type_`` is made. Raises the first ``DependencyError`` if it cannot be made."""
        found = self.problems(type_)
        if found:
            raise found[0]
        return self._solved[type_]

    def quick(self, type_: Any) -> Quick | None:
        """Return how ``type_`` is made by plain calls, or ``None``. Raises ``DependencyError`` if it cannot be made."""
        if type_ in self._ways and self.bound == self.hooks:
            return self._ways[type_]
        solved, lasting = self.solve(type_), self._scopes[: self._scopes.index(REQUEST)]
        self._ways[type_] = way = quick_way(solved, lasting, REQUEST, self._scope_of)
        return way

    def alone(self, type_: Any, lasting: di.ScopeState | None) -> Callable[[], Any]:
        """Return a function that makes ``type_`` with the ``lasting`` instances, and store it in ``ready``.

        Raises ``NotAtOnce`` if that is not possible.
        """
        way = self.quick(type_)
        if way is None or way.shares:
            raise NotAtOnce
        self.ready[type_] = make = way.alone(lasting)
        return make

    def problems(self, type_: Any) -> list[DependencyError]:
        """Return everything that will stop ``di`` from building ``type_``."""
        self._look_at_bindings()
        if type_ in self._solved:
            return []
        gaps = _Gaps(self.hooks)
        write_inherited_hints(type_)
        try:
            solved = self._solve(type_, gaps)
        except _FAILURES as error:
            return [self._explained(error, type_)]
        if not gaps.found:
            self._solved[type_] = solved
        return [gaps.error(stub, _path(solved, solved.dependency, stub)) for stub in gaps.found]

    def origins(self, type_: Any) -> Origins:
        """Yield what makes ``type_`` and all it needs, even if something on the way cannot be made."""
        self._look_at_bindings()
        gaps = _Gaps(self.hooks)
        write_inherited_hints(type_)
        try:
            solved = self._solve(type_, gaps)
        except _FAILURES:
            return  # `problems` reports them
        yield from origins(solved, type_, gaps.found)

    def _look_at_bindings(self) -> None:
        if self.bound != self.hooks:
            self.hooks = [*self.bound]
            self._solved.clear()
            self._ways.clear()
            self.ready.clear()
            self._on_change()

    def _solve(self, type_: Any, gaps: _Gaps) -> di.SolvedDependent[Any]:
        with self.container.bind(gaps):
            root = _Root(type_, scope=REQUEST, use_cache=False)
            return self.container.solve(root, self._scopes, scope_resolver=self._scope_of)

    def opened_per_request(self, type_: Any) -> Iterator[Any]:
        """Yield the generators among the needs of ``type_`` whose scope ends with the request.

        Raises ``DependencyError`` if ``type_`` cannot be made.
        """
        lasting = self._scopes[: self._scopes.index(REQUEST)]
        for dependent in self.solve(type_).dag:
            if dependent.scope not in lasting and kind_of(dependent.call)[0] in ("context", "async context"):
                yield dependent.call

    def _scope_of(self, dependent: DependentBase[Any], _: Sequence[Scope], __: Sequence[Scope]) -> Scope:
        return REQUEST if dependent.scope is None and None not in self._scopes else dependent.scope

    def _explained(self, error: Exception, type_: Any) -> DependencyError:
        path = [d.call for d in getattr(error, "path", ())] or [type_]
        problem = str(error).partition("\n")[0].rstrip(".")
        if isinstance(error, ScopeViolationError):
            remedy = "Give what lives longer a dependency that lives as long"
        elif isinstance(error, UnknownScopeError):
            known = ", ".join(map(repr, self._scopes))
            remedy = f"Use one of {known}, or name yours: DIContainer(container, scopes=(...))"
        elif isinstance(error, SolvingError):
            remedy = "Bind it with one scope: container.bind(di.bind_by_type(Dependent(It, scope=...), It))"
        elif isinstance(error, DependencyInjectionException):
            remedy = "Break the circle with a factory or an event"
        else:
            problem = f"what it needs cannot be read ({problem})"
            remedy = "Import or define what annotations name at the top of the module, not only under TYPE_CHECKING"
        return DependencyError(type_, path, problem, remedy)


class _Root(GenericDependent):
    """The type that is asked for: it is never shared itself, but its dependencies are, as usual in ``di``."""

    def get_default_marker(self) -> Marker:
        return Marker(scope=self.scope)


class _Gaps:
    """The last bind hook: it puts a stub in place of what cannot be made, and remembers the reason."""

    def __init__(self, hooks: Sequence[Any]) -> None:
        self._hooks = hooks
        self.found: dict[DependentBase[Any], tuple[Any, str, str]] = {}

    def __call__(self, param: inspect.Parameter | None, dependent: DependentBase[Any]) -> DependentBase[Any]:
        asked = None if param is None else param.annotation
        given = None if param is None else BUILT_IN.get(without_metadata(param.annotation))
        if param is not None and given is not None and not self._is_bound(param, dependent):
            return Dependent(given.factory, scope=REQUEST, use_cache=False, wire=False)
        if param is not None and dependent.call is None and param.default is param.empty:
            param, dependent = self._by_class(param, dependent)
        marker = None if param is None else marker_of_a_route(param.default, param.annotation)
        if param is not None and marker is not None:
            gap: Any = (param.name, *not_for_handlers(param.name, "it", marker))
        else:
            gap = self._gap(param, dependent)
        write_inherited_hints(dependent.call)  # before `di` reads it
        if gap is None:
            return with_type_arguments(asked, dependent)
        stub: Dependent[Any] = Dependent(_nothing, scope=dependent.scope, use_cache=False, wire=False)
        self.found[stub] = gap
        return stub

    def error(self, stub: DependentBase[Any], path: Sequence[DependentBase[Any]]) -> DependencyError:
        required, problem, remedy = self.found[stub]
        return DependencyError(required, [*(d.call for d in path[:-1]), required], problem, remedy)

    def _by_class(
        self, param: inspect.Parameter, dependent: DependentBase[Any]
    ) -> tuple[inspect.Parameter, DependentBase[Any]]:
        """``X`` for ``X | None``, for ``X[Y]`` and for an alias, of which ``di`` makes nothing by itself."""
        exact = without_none(without_metadata(param.annotation))
        cls = runtime_class(exact)
        if cls is None or cls is param.empty:
            return param, dependent
        by_class = Dependent(cls, scope=dependent.scope, use_cache=dependent.use_cache)
        for name, found in ((exact, dependent), (cls, by_class)):
            param = param.replace(annotation=name)
            for hook in self._hooks:
                found = hook(param, found) or found  # noqa: PLW2901  # the last hook that returns something counts
            if found is not dependent:
                return param, found
        return param, by_class

    def _gap(self, param: inspect.Parameter | None, dependent: DependentBase[Any]) -> tuple[Any, str, str] | None:
        call: Any = dependent.call
        if call is None and param is not None:
            if param.default is not param.empty:
                return None
            call = param.annotation
            if call is param.empty:
                problem = f"parameter {param.name!r} has no annotation, so nothing can be injected"
                return param.name, problem, "Annotate it with the type it needs"
        name, cls = type_name(call), runtime_class(call)
        bind = f"container.bind(di.bind_by_type(Dependent(YourImplementation, scope={REQUEST!r}), {name}))"
        if isinstance(call, type) and is_interface(call):
            return call, f"{name} is an interface and nothing is bound for it", f"Bind an implementation: {bind}"
        if param is None or call != without_metadata(param.annotation) or self._is_bound(param, dependent):
            return None
        if cls is None or is_value(cls):
            return call, f"nothing is bound for {name}", f"Bind it: {bind}"
        return self._not_to_be_made(cls)

    def _not_to_be_made(self, cls: type) -> tuple[Any, str, str] | None:
        if is_recorder(cls):
            return (cls, *RECORDER)
        if session_class(cls) is not None:
            return (cls, *unbound_session(cls, f", and bind {how_to_bind(type_name(cls), 'db.session')}"))
        return None

    def _is_bound(self, param: inspect.Parameter, dependent: DependentBase[Any]) -> bool:
        return any(hook(param, dependent) is not None for hook in self._hooks)


def _nothing() -> None:
    """The stub for what cannot be made; it is never called."""


def _path(
    solved: di.SolvedDependent[Any], start: DependentBase[Any], end: DependentBase[Any]
) -> list[DependentBase[Any]]:
    if start is end:
        return [end]
    for parameter in solved.dag.get(start, ()):
        rest = _path(solved, parameter.dependency, end)
        if rest:
            return [start, *rest]
    return []
