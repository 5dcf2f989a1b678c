from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings

from cqrs.requests.cor_request_handler import CORRequestHandler
from cqrs.requests.mermaid import CoRMermaid
from cqrs.requests.request import Request
from tests.docs.pages import pages
from tests.helpers.chains import TROUBLE, chains, handler_class, handler_function, message_class

if TYPE_CHECKING:
    from collections.abc import Callable

_FENCED = re.DOTALL | re.MULTILINE


class Method(enum.Enum):
    CARD = "direction TB"


class Pay(Request):
    order_id: str
    method: Literal["card}", "direction TB", Method.CARD] | None
    parts: dict[str, list[tuple[int, ...]]]


class Paid(Request):
    pass


class CardHandler(CORRequestHandler[Pay, Paid]):
    async def handle(self, request: Pay) -> Paid | None:
        return await self.next(request)


async def voucher(request: Pay, next: Any) -> Paid | None:  # noqa: A002
    return await next(request)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param([CardHandler], id="one class"),
        pytest.param([voucher], id="one function"),
        pytest.param([CardHandler, voucher, handler_class("Last", Pay, Paid)], id="classes and a function"),
        pytest.param([CardHandler, CardHandler], id="one class twice"),
        pytest.param([handler_class("Handler", Pay, Paid, module) for module in "abb"], id="one name three times"),
        pytest.param([handler_class(f"Handler{n}", Pay, Paid) for n in range(60)], id="sixty"),
        pytest.param([handler_class("Echo", Pay, Pay)], id="request is response"),
        pytest.param([handler_class("Open", Any, None)], id="no types"),
    ],
)
def test_diagrams_of_a_chain_are_read(mermaid_parse: Callable[[str], None], chain: list[Any]) -> None:
    mermaid_parse(CoRMermaid(chain).sequence())
    mermaid_parse(CoRMermaid(chain).class_diagram())


def test_names_that_are_syntax_are_read_wherever_they_stand(mermaid_parse: Callable[[str], None]) -> None:
    for name in TROUBLE:
        message = message_class(name, {name: name, "other": list[Literal[name]]})  # type: ignore[valid-type]
        chain = [handler_class(name, message, Paid, name), handler_function(name, message, message)]

        mermaid_parse(CoRMermaid(chain).sequence())
        mermaid_parse(CoRMermaid(chain).class_diagram())


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chain=chains)
def test_any_names_are_read(mermaid_parse: Callable[[str], None], chain: list[Any]) -> None:
    mermaid_parse(CoRMermaid(chain).sequence())
    mermaid_parse(CoRMermaid(chain).class_diagram())


def test_diagrams_in_the_documentation_are_read(mermaid_parse: Callable[[str], None]) -> None:
    diagrams = [d for page in pages() for d in re.findall(r"^```mermaid\n(.*?)^```", page.read_text(), _FENCED)]

    assert diagrams
    for diagram in diagrams:
        mermaid_parse(diagram)
