from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cqrs

if TYPE_CHECKING:
    from tests.seeds.program import Run


@pytest.fixture(params=["of the document", "of this package"])
async def bus(request: pytest.FixtureRequest, run: Run) -> tuple[Any, Any]:
    """The program, and a bus with its handlers registered: the document's own class, or ours in its place."""
    program = await run("003_01_command_bus")
    bus = program.CommandBus() if request.param == "of the document" else cqrs.CommandBus()
    bus.register(program.CreateProduct, program.handler.handle_create_product)
    bus.register(program.UpdatePrice, program.handler.handle_update_price)
    return program, bus


async def test_003_01_commands_reach_their_handlers(bus: tuple[Any, Any]) -> None:
    program, commands = bus
    created = program.CreateProduct(name="Widget", price=10.0, category="tools", sku="W1")
    product_id = await commands.dispatch(created)
    answer = await commands.dispatch(program.UpdatePrice(product_id=product_id, new_price=12.0, reason="demand"))
    assert (product_id, answer) == ("product-W1", None)
    expected = [program.ProductCreated("W1", 10.0), program.PriceChanged(12.0, "demand")]
    assert program.event_store.streams == {"product-W1": expected}
    assert program.event_publisher.published == expected


async def test_003_01_command_without_handler_is_a_value_error_that_names_it(bus: tuple[Any, Any]) -> None:
    _, commands = bus

    class Unknown:
        pass

    with pytest.raises(ValueError, match=r"No handler for .*Unknown"):
        await commands.dispatch(Unknown())
