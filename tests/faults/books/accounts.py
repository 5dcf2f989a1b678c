"""Double entry: what one account loses another one gets. Both services have this."""

from __future__ import annotations

import random
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  # the container reads the annotation

import cqrs  # noqa: TC001  # as above
from tests.faults.books.messages import Attempt, Move, Refused, told
from tests.faults.books.tables import Account, Posting


class Accounts:
    """The repository; one for the whole service, so it holds its session for ever."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def post(self, key: str, reason: str, number: int, amount: int) -> None:
        """Add ``amount`` to one account."""
        account = await self._session.get_one(Account, number, with_for_update=True)
        account.balance += amount
        self._session.add(Posting(key=key, account=number, amount=amount, reason=reason))


async def move(command: Move, accounts: Accounts) -> None:
    """Answers ``Move``."""
    await accounts.post(command.key, command.reason, command.source, -command.amount)
    await accounts.post(command.key, command.reason, command.target, command.amount)


async def attempt(
    command: Attempt, database: cqrs.Database, mediator: cqrs.RequestMediator, recorder: cqrs.EventRecorder
) -> NoReturn:
    """Answers ``Attempt``: writes and sends as much as it can, and raises ``Refused``."""
    if random.random() < 0.5:  # noqa: S311  # nothing is hidden by it
        recorder.record(told(f"{command.key} was attempted", 1))
    database.outbox.add(told(f"{command.key} was attempted", 1))
    move_it = Move(key=command.key, reason="attempt", source=command.source, target=command.target, amount=1)
    await mediator.send(move_it)
    await database.session.flush()
    raise Refused(command.key)
