"""Plain functions as handlers: each becomes a handler class, so that the rest of the package only knows classes."""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

from cqrs._generics import runtime_class, type_name
from cqrs.container.provider import read_hints
from cqrs.errors import DependencyError, WiringError, WiringProblem
from cqrs.events.recorder import EventRecorder

if TYPE_CHECKING:
    from collections.abc import Callable


def handler_class(function: Callable[..., Any], base: Any, *, answers: bool = True) -> type:
    """A subclass of ``base`` whose ``handle`` calls ``function``.

    The first parameter takes the message. One annotated ``EventRecorder`` takes the recorder of this turn, one named
    ``next`` takes the rest of a chain, and the others are injected. Raises ``WiringError`` if that cannot work.
    """
    subject = type_name(function)
    try:
        hints = read_hints(function, ())
    except DependencyError as error:
        raise WiringError([WiringProblem(subject, error.problem, error.remedy)]) from error
    message, *others = inspect.signature(function).parameters.values() or (None,)
    if message is None:
        remedy = "Let its first parameter take the message"
        raise WiringError([WiringProblem(subject, "the function takes no message", remedy)])
    unknown = [p.name for p in others if p.name not in hints and p.name != "next" and p.default is p.empty]
    if unknown:
        problem = f"nothing tells what to inject for {', '.join(unknown)}"
        raise WiringError([WiringProblem(subject, problem, "Annotate these parameters with the types they need")])
    arguments = (hints.get(message.name, Any), hints.get("return", Any)) if answers else hints.get(message.name, Any)
    return types.new_class(
        getattr(function, "__name__", type(function).__name__),
        (base[arguments],),
        exec_body=lambda body: body.update(_members(function, others, hints)),
    )


def _members(function: Callable[..., Any], others: list[inspect.Parameter], hints: dict[str, Any]) -> dict[str, Any]:
    shared = {"__module__": function.__module__, "__doc__": function.__doc__, "__qualname__": type_name(function)}
    recorders = [p.name for p in others if runtime_class(hints.get(p.name)) is EventRecorder]
    passes_on = any(p.name == "next" for p in others)
    injected = [
        p.replace(kind=p.KEYWORD_ONLY, annotation=hints[p.name])
        for p in others
        if p.name in hints and p.name not in (*recorders, "next")
    ]
    if not others:
        return {**shared, "handle": lambda _, message: function(message)}

    def __init__(self: Any, **values: Any) -> None:  # noqa: N807  # it becomes the constructor of the class
        self._arguments = values | dict.fromkeys(recorders, self)
        if passes_on:
            self._arguments["next"] = self.next

    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = inspect.Signature([itself, *injected])  # type: ignore[attr-defined]  # containers read it
    __init__.__annotations__ = {p.name: p.annotation for p in injected}
    return {**shared, "__init__": __init__, "handle": lambda self, message: function(message, **self._arguments)}
