from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import given

from cqrs._diagrams.mermaid import escaped
from cqrs.requests.cor_request_handler import CORRequestHandler
from cqrs.requests.mermaid import CoRMermaid
from tests.helpers.chains import chains, handler_class, handler_function, message_class, names

Pay = message_class("Pay", {"order_id": str})
Paid = message_class("Paid", {})


def test_equal_names_of_two_modules_are_distinguished() -> None:
    chain = [handler_class("Handler", Pay, Paid, module) for module in ("shop.card", "shop.paypal")]

    assert re.findall(r"as (.*Handler)$", CoRMermaid(chain).sequence(), re.MULTILINE) == [
        "shop.card.Handler",
        "shop.paypal.Handler",
    ]
    assert 'class Handler["shop.card.Handler"]' in CoRMermaid(chain).class_diagram()
    assert 'class Handler_2["shop.paypal.Handler"]' in CoRMermaid(chain).class_diagram()


def test_equal_names_of_one_module_are_numbered() -> None:
    chain = [handler_class("Handler", Pay, Paid) for _ in range(2)]

    assert re.findall(r"as (.*Handler.*)$", CoRMermaid(chain).sequence(), re.MULTILINE) == [
        "shop.Handler",
        "shop.Handler #40;2#41;",
    ]


def test_types_with_equal_names_are_distinguished_in_the_signatures() -> None:
    chain = [handler_class("Handler", message_class("Pay", {}, "a"), message_class("Pay", {}, "b"))]

    assert "+handle(request: a.Pay) b.Pay | None" in CoRMermaid(chain).class_diagram()


def test_nested_class_keeps_the_class_around_it_and_local_class_loses_the_function() -> None:
    class Local(CORRequestHandler[Any, Any]):
        class Nested(CORRequestHandler[Any, Any]):
            pass

    sequence = CoRMermaid([Local, Local.Nested]).sequence()

    assert "participant h1 as Local\n    participant h2 as Local.Nested\n" in sequence


def test_names_that_mermaid_would_read_as_syntax_are_written_as_character_codes() -> None:
    chain = [handler_function('pay"] {end}; %%', Pay, None)]

    assert "participant h1 as pay#34;] #123;end#125;#59; #37;#37;\n" in CoRMermaid(chain).sequence()


def test_unicode_names_are_shown_as_they_are() -> None:
    chain = [handler_class("支付处理", Pay, Paid)]

    assert "participant h1 as 支付处理\n" in CoRMermaid(chain).sequence()
    assert 'class C_["支付处理"] {' in CoRMermaid(chain).class_diagram()


@given(names.filter(str.isprintable))
def test_escaped_name_is_shown_as_it_is(name: str) -> None:
    shown = html.unescape(re.sub(r"#(\d+);", r"&#\1;", escaped(name)))

    assert shown == (" ".join(name.split()) or "unnamed")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("pay", "pay"),
        ("dict[str, int] | None", "dict[str, int] | None"),
        ("amount_due", "amount_due"),
        ("_amount", "#95;amount"),
        ("tuple[int, ...]", "tuple[int, #46;#46;#46;]"),
        ("shop.Pay", "shop.Pay"),
        ("two\nlines", "two#92;nlines"),
        ("right-to-left \u202e", "right#45;to#45;left #92;u202e"),
        ("direction TB", "direction#32;TB"),
        ("", "unnamed"),
    ],
)
def test_escaped_name_keeps_what_is_harmless(name: str, shown: str) -> None:
    assert escaped(name) == shown


_NAME = r"(?:[\w ,|'.\[\]]|#\d+;)+"
_ID = "[A-Za-z][A-Za-z0-9_]*"
_SEQUENCE_LINES = re.compile(
    "|".join(
        (
            "sequenceDiagram",
            f"participant {_ID} as {_NAME}",
            f"(?:de)?activate {_ID}",
            f"alt {_NAME} answers",
            rf"else {_NAME} passes on with next\(request\)(?:, at the end of the chain)?",
            "end",
            rf"{_ID}->>{_ID}: {_NAME}\({_NAME}\)",
            f"{_ID}-->>{_ID}: {_NAME}",
        )
    )
)
_CLASS_LINES = re.compile(
    "|".join(
        (
            "classDiagram",
            rf'class {_ID}(?:~Req, Res~|\["{_NAME}"\])? {{{{',
            "<<[a-z ]+>>",
            r"\+(?:set_next|next|handle)\([\w:~, ]+\)\*? [\w~,| ]+",
            rf"\+{_NAME}\({_NAME}(?:: {_NAME})?(?:, next)?\) {_NAME}",
            f"[+-]{_NAME}: {_NAME}",
            "}}",
            rf"{_ID} (?:<\|--|-->|\.\.>) {_ID}(?: : (?:next|request|response))?",
        )
    )
    .replace("{{", "{")
    .replace("}}", "}")
)


@given(chains)
@pytest.mark.slow
def test_no_name_leaves_its_place_in_a_sequence(chain: list[Any]) -> None:
    lines = [line.strip() for line in CoRMermaid(chain).sequence().splitlines()]

    assert [line for line in lines if not _SEQUENCE_LINES.fullmatch(line)] == []
    assert sum(line.startswith("alt ") for line in lines) == lines.count("end") == len(chain)


@given(chains)
@pytest.mark.slow
def test_no_name_leaves_its_place_in_a_class_diagram(chain: list[Any]) -> None:
    lines = [line.strip() for line in CoRMermaid(chain).class_diagram().splitlines()]
    opened = [line.split()[1].partition("[")[0] for line in lines if line.startswith("class ")]

    assert [line for line in lines if not _CLASS_LINES.fullmatch(line)] == []
    assert len(opened) == len(set(opened)) == lines.count("}")


@given(chains)
@pytest.mark.slow
def test_every_class_has_a_label_of_its_own(chain: list[Any]) -> None:
    labels = re.findall(r'class (?:\w+\["(.*)"\]|(\w+)).* \{$', CoRMermaid(chain).class_diagram(), re.MULTILINE)

    assert 0 < len(labels) == len(set(labels))
