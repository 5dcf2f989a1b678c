"""Draws a chain of responsibility as a Mermaid diagram, from what its members declare."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cqrs._diagrams.mermaid import DiagramText, Names, escaped
from cqrs._introspection.type_text import alternatives, fields, type_text
from cqrs.requests._chain_member import read_chain
from cqrs.requests.cor_request_handler import CORRequestHandler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from cqrs.requests._chain_member import ChainMember


class CoRMermaid:
    """Draws two diagrams of a chain: ``CoRMermaid([CardHandler, PayPalHandler]).sequence()``.

    ``handlers`` is the list that ``RequestMap.bind`` takes: ``CORRequestHandler`` classes, and functions written
    ``async def card(request: Pay, next) -> Paid | None``. Raises ``WiringError``, with everything that is wrong with
    the list, where there is no chain to draw. No handler is built or called. Equal chains give equal text.
    """

    def __init__(self, handlers: Sequence[type[CORRequestHandler[Any, Any]] | Callable[..., Awaitable[Any]]]) -> None:
        self._chain = read_chain(handlers)
        self._members = list({id(member.subject): member for member in self._chain}.values())
        self._messages: dict[type, list[str]] = {}
        for role, classes in (c for member in self._members for c in member.message_classes().items()):
            for cls in classes:
                roles = self._messages.setdefault(cls, [])
                roles.extend([role] if role not in roles else ())
        self._names = Names([CORRequestHandler, *(member.subject for member in self._members), *self._messages])

    def sequence(self) -> str:
        """Return a sequence diagram: the order of the calls, and the possible responses."""
        text = DiagramText("sequenceDiagram")
        labels = [self._label(member.subject) for member in self._chain]
        participants = ["mediator", *(f"h{number}" for number in range(1, len(labels) + 1))]
        text.line("participant caller as Caller")
        for participant, label in zip(participants, ["RequestMediator", *labels], strict=True):
            text.line(f"participant {participant} as {label}")
        text.line(f"caller->>mediator: send({self._type(self._chain[0].request)})")
        text.line("activate mediator")
        for (asker, asked), member, label in zip(pairwise(participants), self._chain, labels, strict=True):
            call = "handle" if member.is_class else label
            end = ", at the end of the chain" if asked == participants[-1] else ""
            text.line(f"{asker}->>{asked}: {call}({self._type(member.request)})")
            text.line(f"activate {asked}")
            text.open(f"alt {label} answers")
            text.line(f"{asked}-->>{asker}: {self._answer(member)}")
            text.next_part(f"else {label} passes on with next(request){end}")
        for number in range(len(self._chain), 0, -1):
            text.line(f"h{number}-->>{participants[number - 1]}: {self._answer(*self._chain[number:], None)}")
            text.close("end")
            text.line(f"deactivate h{number}")
        text.line(f"mediator-->>caller: {self._answer(*self._chain, None)}")
        text.line("deactivate mediator")
        return str(text)

    def class_diagram(self) -> str:
        """Return a class diagram: the members with their order and base, and their messages with all fields."""
        text = DiagramText("classDiagram")
        if any(member.is_class for member in self._members):
            text.open(f"class {self._names.id(CORRequestHandler)}~Req, Res~ {{")
            text.line("<<abstract>>")
            text.line("+set_next(handler: CORRequestHandler~Req, Res~) CORRequestHandler~Req, Res~")
            text.line("+next(request: Req) Res | None")
            text.line("+handle(request: Req)* Res | None")
            text.close("}")
        for member in self._members:
            call = "handle" if member.is_class else self._label(member.subject)
            parameters = ", ".join(self._typed(*parameter) for parameter in member.parameters)
            text.open(self._class(member.subject))
            if not member.is_class:
                text.line("<<function>>")
            text.line(f"+{call}({parameters}) {self._answer(member, None)}")
            text.close("}")
        for message, roles in self._messages.items():
            text.open(self._class(message))
            text.line(f"<<{' and '.join(roles)}>>")
            for name, annotation in fields(message):
                text.line(f"{'-' if name.startswith('_') else '+'}{self._typed(name, annotation)}")
            text.close("}")
        for relation in dict.fromkeys(self._relations()):
            text.line(relation)
        return str(text)

    def _relations(self) -> Iterator[str]:
        ids = self._names.id
        for member in filter(lambda member: member.is_class, self._members):
            drawn = {CORRequestHandler, *(other.subject for other in self._members)}
            base = next(cls for cls in member.subject.__mro__[1:] if cls in drawn)
            yield f"{ids(base)} <|-- {ids(member.subject)}"
        for asker, asked in pairwise(self._chain):
            yield f"{ids(asker.subject)} --> {ids(asked.subject)} : next"
        for member in self._members:
            for role, classes in member.message_classes().items():
                for cls in classes:
                    yield f"{ids(member.subject)} ..> {ids(cls)} : {role}"

    def _class(self, subject: Any) -> str:
        name, label = self._names.id(subject), self._label(subject)
        return f"class {name} {{" if name == label else f'class {name}["{label}"] {{'

    def _typed(self, name: str, annotation: Any) -> str:
        return escaped(name) if annotation is Any else f"{escaped(name)}: {self._type(annotation)}"

    def _label(self, subject: Any) -> str:
        return escaped(self._names.label(subject))

    def _type(self, annotation: Any) -> str:
        return escaped(type_text(annotation, self._names.label))

    def _answer(self, *members: ChainMember | None) -> str:
        """Return the possible responses of ``members``; a ``None`` among them adds "None", for no response."""
        answers = [a for m in members if m is not None for a in alternatives(m.response) if type_text(a) != "None"]
        none = [] if answers and None not in members else [None]
        return " | ".join(dict.fromkeys(self._type(answer) for answer in [*answers, *none]))
