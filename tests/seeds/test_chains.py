from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.seeds.stand_ins import watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.seeds.program import Run


@pytest.mark.parametrize(("method", "ok", "msg"), [("card", True, "card"), ("cash", False, "unsupported: cash")])
async def test_000_08_first_member_that_can_answers(run: Run, method: str, ok: bool, msg: str) -> None:  # noqa: FBT001  # a field of the answer
    program = await run("000_08_chain")
    answer = await program.mediator.send(program.PayCmd(amount=10.0, method=method, user_id="u1"))
    assert answer == program.PayResult(ok=ok, msg=msg)


@pytest.mark.parametrize(
    ("method", "success", "transaction", "processed"),
    [("credit_card", True, "card-10.0", 1), ("paypal", True, "paypal-10.0", 0), ("cash", False, None, 0)],
)
async def test_001_04_chain_answers_and_emits_the_events_of_its_members(
    run: Run,
    method: str,
    success: bool,  # noqa: FBT001  # as above
    transaction: str | None,
    processed: int,
) -> None:
    program = await run("001_04_chain")
    events = watch(program.OnPaymentProcessed)
    answer = await program.mediator.send(program.ProcessPaymentCommand(amount=10.0, payment_method=method))
    assert answer == program.PaymentResult(success=success, transaction_id=transaction)
    assert len(events) == processed


async def test_001_05_diagrams_name_the_members_in_their_order(run: Run) -> None:
    program = await run("001_05_chain_diagrams")
    members = ["CreditCardHandler", "PayPalHandler", "DefaultHandler"]
    assert program.sequence_diagram.startswith("sequenceDiagram")
    assert program.class_diagram.startswith("classDiagram")
    for diagram in (program.sequence_diagram, program.class_diagram):
        positions = [diagram.index(member) for member in members]
        assert positions == sorted(positions)


async def test_001_05_diagrams_are_accepted_by_mermaid(run: Run, mermaid_parse: Callable[[str], None]) -> None:
    program = await run("001_05_chain_diagrams")
    mermaid_parse(program.sequence_diagram)
    mermaid_parse(program.class_diagram)
