"""What lies on the counter: the catalogue, and a card terminal whose plug can be pulled."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel

from examples.shop.http.dependencies import Mediator, TheShop
from examples.shop.queries import Catalogue, ShowCatalogue

router = APIRouter(tags=["counter"])


class TerminalStatus(BaseModel):
    """Whether the terminal is up, and how often it was called."""

    up: bool
    calls: int


@router.get("/catalogue")
async def show_catalogue(mediator: Mediator) -> Catalogue:
    """What is sold, and how much of it is left."""
    return await mediator.send(ShowCatalogue())


@router.get("/card-terminal")
async def show_terminal(shop: TheShop) -> TerminalStatus:
    """How the card terminal is."""
    return TerminalStatus(up=shop.terminal.up, calls=shop.terminal.calls)


@router.put("/card-terminal")
async def switch_terminal(up: Annotated[bool, Body(embed=True)], shop: TheShop) -> TerminalStatus:
    """Pull the plug of the card terminal, or put it back."""
    shop.terminal.up = up
    return await show_terminal(shop)
