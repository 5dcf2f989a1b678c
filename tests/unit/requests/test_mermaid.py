from __future__ import annotations

import functools
import re
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest

from cqrs.errors import WiringError
from cqrs.requests.cor_request_handler import CORRequestHandler
from cqrs.requests.mermaid import CoRMermaid
from cqrs.requests.request import Request
from cqrs.response import Response
from tests.helpers.chains import handler_class, handler_function


class Pay(Request):
    order_id: str
    amount: Annotated[int, "cents"]
    method: Literal["card", "paypal"] | None = None


class Paid(Response):
    transaction_id: str


class Refused(Response):
    reasons: list[str]


class CardHandler(CORRequestHandler[Pay, Paid]):
    async def handle(self, request: Pay) -> Paid | None:
        return await self.next(request)


class PayPalHandler(CORRequestHandler[Pay, Paid | Refused]):
    async def handle(self, request: Pay) -> Paid | Refused | None:
        return await self.next(request)


async def voucher(request: Pay, next: Any, rate: float) -> Paid | None:  # noqa: A002
    del rate
    return await next(request)  # type: ignore[no-any-return]


def test_sequence_shows_the_handlers_in_order_and_their_answers() -> None:
    assert CoRMermaid([CardHandler, PayPalHandler]).sequence() == (
        """\
sequenceDiagram
    participant caller as Caller
    participant mediator as RequestMediator
    participant h1 as CardHandler
    participant h2 as PayPalHandler
    caller->>mediator: send(Pay)
    activate mediator
    mediator->>h1: handle(Pay)
    activate h1
    alt CardHandler answers
        h1-->>mediator: Paid
    else CardHandler passes on with next(request)
        h1->>h2: handle(Pay)
        activate h2
        alt PayPalHandler answers
            h2-->>h1: Paid | Refused
        else PayPalHandler passes on with next(request), at the end of the chain
            h2-->>h1: None
        end
        deactivate h2
        h1-->>mediator: Paid | Refused | None
    end
    deactivate h1
    mediator-->>caller: Paid | Refused | None
    deactivate mediator
"""
    )


def test_class_diagram_shows_members_base_order_and_messages() -> None:
    assert CoRMermaid([CardHandler, PayPalHandler]).class_diagram() == (
        """\
classDiagram
    class CORRequestHandler~Req, Res~ {
        <<abstract>>
        +set_next(handler: CORRequestHandler~Req, Res~) CORRequestHandler~Req, Res~
        +next(request: Req) Res | None
        +handle(request: Req)* Res | None
    }
    class CardHandler {
        +handle(request: Pay) Paid | None
    }
    class PayPalHandler {
        +handle(request: Pay) Paid | Refused | None
    }
    class Pay {
        <<request>>
        +order_id: str
        +amount: int
        +method: Literal['card', 'paypal'] | None
    }
    class Paid {
        <<response>>
        +transaction_id: str
    }
    class Refused {
        <<response>>
        +reasons: list[str]
    }
    CORRequestHandler <|-- CardHandler
    CORRequestHandler <|-- PayPalHandler
    CardHandler --> PayPalHandler : next
    CardHandler ..> Pay : request
    CardHandler ..> Paid : response
    PayPalHandler ..> Pay : request
    PayPalHandler ..> Paid : response
    PayPalHandler ..> Refused : response
"""
    )


def test_function_is_called_by_its_name() -> None:
    assert "    mediator->>h1: voucher(Pay)\n" in CoRMermaid([voucher, CardHandler]).sequence()


def test_function_is_drawn_without_a_base_class() -> None:
    diagram = CoRMermaid([voucher]).class_diagram()

    assert "CORRequestHandler" not in diagram
    assert diagram.startswith(
        """\
classDiagram
    class C_voucher["voucher"] {
        <<function>>
        +voucher(request: Pay, next, rate: float) Paid | None
    }
"""
    )


class Voucher:
    async def __call__(self, request: Pay, next: Any) -> Paid | None:  # noqa: A002
        return await next(request)  # type: ignore[no-any-return]


def test_object_that_can_be_called_is_drawn_under_the_name_of_its_class() -> None:
    assert "+Voucher(request: Pay, next) Paid | None\n" in CoRMermaid([Voucher()]).class_diagram()


def test_partial_is_drawn_under_the_name_of_its_function() -> None:
    quarter = functools.partial(voucher, rate=0.25)

    assert "+voucher(request: Pay, next, rate: float) Paid | None\n" in CoRMermaid([quarter]).class_diagram()


def test_two_partials_of_one_function_are_two_members() -> None:
    chain = [functools.partial(voucher, rate=rate) for rate in (0.25, 0.5)]

    assert "C_voucher --> C_voucher_2 : next\n" in CoRMermaid(chain).class_diagram()


def test_function_and_class_are_linked_in_the_order_of_the_chain() -> None:
    diagram = CoRMermaid([CardHandler, voucher, PayPalHandler]).class_diagram()

    assert re.findall(r"(\w+) --> (\w+) : next", diagram) == [
        ("CardHandler", "C_voucher"),
        ("C_voucher", "PayPalHandler"),
    ]


class BareHandler(CORRequestHandler):
    async def handle(self, request: Pay) -> Paid | None:
        return await self.next(request)


def test_types_come_from_handle_where_the_base_has_no_arguments() -> None:
    assert "+handle(request: Pay) Paid | None" in CoRMermaid([BareHandler]).class_diagram()


T = TypeVar("T")


class Audited(CORRequestHandler[T, Paid], Generic[T]):
    async def handle(self, request: T) -> Paid | None:
        return await self.next(request)


class AuditedHandler(Audited[Pay]):
    pass


def test_types_are_found_through_generic_bases_in_between() -> None:
    assert "+handle(request: Pay) Paid | None" in CoRMermaid([AuditedHandler]).class_diagram()


def test_handler_inherits_from_the_nearest_class_that_is_drawn() -> None:
    stricter = type("StricterHandler", (CardHandler,), {})

    diagram = CoRMermaid([CardHandler, stricter]).class_diagram()

    assert re.findall(r"(\w+) <\|-- (\w+)", diagram) == [
        ("CORRequestHandler", "CardHandler"),
        ("CardHandler", "StricterHandler"),
    ]


def test_handler_without_any_annotation_is_drawn() -> None:
    handler = handler_class("Silent", Any, Any)

    assert "+handle(request) Any | None" in CoRMermaid([handler]).class_diagram()


def test_command_that_answers_nothing_comes_back_as_none() -> None:
    handler = handler_class("Quiet", Pay, None)

    assert "h1-->>mediator: None" in CoRMermaid([handler]).sequence()


def test_message_classes_inside_other_types_are_drawn() -> None:
    handler = handler_class("Split", Pay, dict[str, list[Annotated[Paid, Refused]]])

    relations = re.findall(r"Split \.\.> (.*)", CoRMermaid([handler]).class_diagram())

    assert relations == ["Pay : request", "Paid : response"]


def test_class_that_is_request_and_response_is_drawn_once() -> None:
    diagram = CoRMermaid([handler_class("Echo", Pay, Pay)]).class_diagram()

    assert diagram.count("class Pay {\n        <<request and response>>") == 1


def test_handler_that_is_tried_twice_takes_part_twice_and_is_one_class() -> None:
    diagrams = CoRMermaid([CardHandler, CardHandler])

    assert "h1->>h2: handle(Pay)" in diagrams.sequence()
    assert diagrams.class_diagram().count("class CardHandler {") == 1


def test_same_chain_gives_the_same_text() -> None:
    chain: list[Any] = [CardHandler, voucher, handler_function("x", object(), object())]

    assert CoRMermaid(chain).sequence() == CoRMermaid(chain).sequence()
    assert " at 0x" not in CoRMermaid(chain).class_diagram()


def not_async(request: Pay, next: Any) -> None:  # noqa: A002
    del request, next


async def no_request() -> None:
    pass


@pytest.mark.parametrize(
    ("handlers", "problem"),
    [
        ([], "the chain is empty"),
        (CardHandler, "it was given the class CardHandler, not a list of handlers"),
        (None, "it was given an object of type NoneType, not a list of handlers"),
        ("CardHandler", "it was given an object of type str, not a list of handlers"),
        ([Pay], "Pay is not derived from CORRequestHandler"),
        ([CORRequestHandler], "CORRequestHandler is not derived from CORRequestHandler"),
        ([CardHandler()], "it is an object of type CardHandler"),
        ([42], "it is an object of type int"),
        ([not_async], "the function not_async is not async"),
        ([no_request], "the function no_request takes no request"),
    ],
)
def test_handlers_that_form_no_chain_are_refused(handlers: Any, problem: str) -> None:
    with pytest.raises(WiringError) as refused:
        CoRMermaid(handlers)

    assert [found.problem for found in refused.value.problems] == [problem]


def test_all_wrong_members_are_reported_with_their_positions() -> None:
    with pytest.raises(WiringError) as refused:
        CoRMermaid([42, CardHandler, Pay])  # type: ignore[list-item]

    assert [found.subject for found in refused.value.problems] == ["CoRMermaid, handler 1", "CoRMermaid, handler 3"]
