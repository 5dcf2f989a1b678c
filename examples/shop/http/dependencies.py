"""What routes are given."""

from typing import Annotated, cast

from fastapi import Depends, Request

import cqrs
from examples.shop.wiring import Shop


def _shop(request: Request) -> Shop:
    return cast("Shop", request.app.state.shop)


def _mediator(shop: Annotated[Shop, Depends(_shop)]) -> cqrs.RequestMediator:
    return shop.mediator


def _streams(shop: Annotated[Shop, Depends(_shop)]) -> cqrs.StreamingRequestMediator:
    return shop.streams


TheShop = Annotated[Shop, Depends(_shop)]
Mediator = Annotated[cqrs.RequestMediator, Depends(_mediator)]
Streams = Annotated[cqrs.StreamingRequestMediator, Depends(_streams)]
