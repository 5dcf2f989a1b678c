"""Classes that the default resolver builds without a binding: concrete classes, by their constructors."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import runtime_class, type_name
from cqrs.container.resolving.provider import Provider, provider_of
from cqrs.container.session_types import session_class, unbound_session
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_RECORD_IN_THE_HANDLER = (
    "Ask for it in a handler function and pass it on in a call, call self.record in a handler class, or return the "
    "events and let the handler record them"
)
RECORDER = "what is recorded in an EventRecorder that is made here would never be read", _RECORD_IN_THE_HANDLER


def autowired(type_: Any, path: Sequence[Any], remedy: Callable[[Any], str]) -> Provider:
    """Return the provider of a class that is not bound: its constructor.

    Raises ``DependencyError`` if it cannot be used; ``remedy`` returns how to bind the type. Classes of the standard
    library are not built, because a new lock or an empty ``Decimal`` each time is never what was meant.
    """
    cls = runtime_class(type_)
    if cls is None or is_value(cls):
        raise DependencyError(type_, path, f"nothing is bound for {type_name(type_)}", remedy(type_))
    if cls.__module__ == "cqrs.mediator":  # a mediator is built with the container, and cannot be built by it
        remedy_text = f"Bind a function that returns yours: container.bind({cls.__name__}, lambda: mediator)"
        raise DependencyError(type_, path, f"nothing is bound for {cls.__name__}", remedy_text)
    if is_recorder(cls):
        raise DependencyError(type_, path, *RECORDER)
    if session_class(cls) is not None:
        raise DependencyError(type_, path, *unbound_session(cls, ", which binds its session"))
    if is_interface(cls):
        problem = f"{type_name(type_)} is an interface and nothing is bound for it"
        raise DependencyError(type_, path, problem, remedy(type_))
    return provider_of(type_, "transient", path)


def is_interface(cls: type) -> bool:
    """Whether ``cls`` is abstract or a protocol, and has no instances of its own."""
    return inspect.isabstract(cls) or bool(getattr(cls, "_is_protocol", False))


def is_recorder(cls: type) -> bool:
    """Whether ``cls`` is ``EventRecorder``, recognised by name, because its package imports this module."""
    return (cls.__module__, cls.__qualname__) == ("cqrs.handlers.recorder", "EventRecorder")


def is_value(cls: type) -> bool:
    """Whether ``cls`` is in the standard library, so that the type alone does not tell which value is meant."""
    if cls.__module__.partition(".")[0] not in sys.stdlib_module_names:
        return False
    return getattr(sys.modules.get(cls.__module__), cls.__name__, None) is cls


def how_to_bind(type_: Any) -> str:
    """Return the remedy if nothing is bound for ``type_``, as code for the default resolver."""
    cls = runtime_class(type_)
    if cls is not None and not is_value(cls):
        return f"Bind an implementation: container.bind({type_name(type_)}, YourImplementation)"
    return f"Bind a value or a factory for it: container.bind_instance({type_name(type_)}, value)"


def how_to_bind_value(name: str, value: str) -> str:
    """Return the code that binds the type ``name`` to ``value`` in the default resolver."""
    return f"container.bind_instance({name}, {value})"
