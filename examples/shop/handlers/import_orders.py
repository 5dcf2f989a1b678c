"""Places the orders of a file, and tells after each line how it went."""

from collections.abc import AsyncIterator

from pydantic import ValidationError

import cqrs
from examples.shop.commands import ImportOrders, ImportProgress
from examples.shop.domain.errors import ShopError
from examples.shop.handlers.order_file import explained, order_of, read_lines


class ImportOrdersHandler(cqrs.StreamingRequestHandler[ImportOrders, ImportProgress]):
    """Answers ``ImportOrders`` line by line. Who stops listening stops the import, and keeps what was placed."""

    def __init__(self, mediator: cqrs.RequestMediator) -> None:
        self._mediator = mediator

    async def handle(self, request: ImportOrders) -> AsyncIterator[ImportProgress]:
        """Send a ``PlaceOrder`` for each line: a turn, and a transaction, of its own. Raises ``UnreadableFile``."""
        lines = read_lines(request.csv)
        for done, (number, line) in enumerate(lines, start=1):
            order_id = problem = None
            try:
                order_id = (await self._mediator.send(order_of(line))).order_id
            except ShopError as error:
                problem = str(error)
            except ValidationError as error:
                problem = explained(error)
            yield ImportProgress(done=done, total=len(lines), line=number, order_id=order_id, problem=problem)
