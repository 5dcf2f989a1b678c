"""Makes handler classes from plain functions, so that the rest of the package only has to know classes."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any, get_args, get_origin

from cqrs._introspection.callables import is_async_generator, named_parameters
from cqrs._introspection.generics import runtime_class, type_name, union_members
from cqrs._introspection.hints import Unreadable, read_hints
from cqrs.container.resolving.provider import marker_of_a_route, not_for_handlers
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.handlers.recorder import EventRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Container


_STREAMS = (AsyncIterator, AsyncIterable, AsyncGenerator)


def handler_class(function: Any, base: Any, *, answers: bool = True) -> type:
    """Return a subclass of ``base`` whose ``handle`` calls ``function``.

    The message is passed as the first parameter, the recorder of the turn as the one annotated ``EventRecorder``, and,
    in a chain, the rest of the chain as ``next``. The other parameters are injected, except for those that a
    ``functools.partial`` has filled. Raises ``WiringError`` if that cannot work.
    """
    named = named_parameters(function)
    hints, exact = read_hints(function), read_hints(function, include_extras=True)
    in_chain = hasattr(base, "next")
    problem = None if _takes_anything(function, named) else _problem_with(named, hints, exact, in_chain=in_chain)
    if problem is not None:
        raise WiringError([WiringProblem(type_name(function), *problem)])
    others = [p for p in named[1:] if p.name not in _given(function)]
    asked = _readable(hints.get(named[0].name, Any)) if named else Any
    result = _readable(hints.get("return", Any))
    if get_origin(result) in _STREAMS and not is_async_generator(function):
        result = Any  # a wrapper collects the stream, and keeps the annotation of the function in it
    arguments = (asked, _answer(result)) if answers else asked
    return types.new_class(
        getattr(function, "__name__", type(function).__name__),
        (base[arguments],),
        exec_body=lambda body: body.update(_members(function, others, hints, exact, in_chain=in_chain)),
    )


def _problem_with(  # noqa: PLR0911  # one return for each mistake
    named: list[inspect.Parameter], hints: dict[str, Any], exact: dict[str, Any], *, in_chain: bool
) -> tuple[str, str] | None:
    if not named or named[0].kind is inspect.Parameter.KEYWORD_ONLY:
        return "the function takes no message", "Let its first parameter take the message"
    for parameter in named[1:]:
        annotation = hints.get(parameter.name)
        if parameter.kind is parameter.POSITIONAL_ONLY:
            return f"{parameter.name} is positional-only and injected by its name", "Move the `/` before it"
        marker = marker_of_a_route(parameter.default, exact.get(parameter.name))
        if marker is not None:
            return not_for_handlers(parameter.name, "it", marker)
        if (in_chain and parameter.name == "next") or parameter.default is not parameter.empty:
            continue
        if annotation is None and parameter.name == "next":
            return "it takes `next` and is in no chain", "Bind it in a list, even if it is the only member"
        if annotation is None:
            return f"{parameter.name} has no annotation to inject by", "Annotate it with the type it needs"
        if isinstance(annotation, Unreadable):
            remedy = "Import what it names at run time, not only under TYPE_CHECKING"
            return f"the annotation of {parameter.name} cannot be read ({annotation.error})", remedy
    return None


def _takes_anything(function: Any, named: list[inspect.Parameter]) -> bool:
    """Whether its only parameter is ``*args``, as in an ``AsyncMock``."""
    return not named and any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(function).parameters.values())


def _given(function: Any) -> Container[str]:
    return function.keywords if isinstance(function, functools.partial) else ()


def _readable(annotation: Any) -> Any:
    """Return the annotation, or ``Any`` if it cannot be read: for message and response it only serves for checks."""
    return Any if isinstance(annotation, Unreadable) else annotation


def _answer(result: Any) -> Any:
    """Return the type of the response, or of the chunks that an async generator yields."""
    return get_args(result)[0] if get_origin(result) in _STREAMS else result


def _is_recorder(annotation: Any) -> bool:
    return any(runtime_class(member) is EventRecorder for member in union_members(annotation))


def _members(
    function: Callable[..., Any],
    others: list[inspect.Parameter],
    hints: dict[str, Any],
    exact: dict[str, Any],  # with Annotated[...], which some containers use
    *,
    in_chain: bool,
) -> dict[str, Any]:
    shared = {
        "__module__": getattr(function, "__module__", __name__),
        "__doc__": function.__doc__,
        "__qualname__": type_name(function),
    }
    recorders = [p.name for p in others if _is_recorder(hints.get(p.name))]
    passes_on = in_chain and any(p.name == "next" for p in others)
    not_injected = {*recorders, "next"} if passes_on else {*recorders}
    injected = [
        p.replace(kind=p.KEYWORD_ONLY, annotation=exact[p.name])
        for p in others
        if p.name not in not_injected and _readable(hints.get(p.name, Any)) is not Any
    ]

    @functools.wraps(function, updated=())
    def call(_: Any, message: Any) -> Any:
        return function(message)

    @functools.wraps(function, updated=())
    def call_with_injected(self: Any, message: Any) -> Any:
        return function(message, **self.injected)

    if not others:
        return {**shared, "handle": call}

    def __init__(self: Any, **values: Any) -> None:  # noqa: N807  # it becomes the constructor of the class
        self.injected = values | dict.fromkeys(recorders, self)
        if passes_on:
            self.injected["next"] = self.next

    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = inspect.Signature([itself, *injected])  # type: ignore[attr-defined]  # containers read it
    __init__.__annotations__ = {p.name: p.annotation for p in injected}
    return {**shared, "__init__": __init__, "handle": call_with_injected}
