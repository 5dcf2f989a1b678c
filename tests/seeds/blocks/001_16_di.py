# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import typing

from di import dependent

import cqrs
from cqrs.requests import bootstrap
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


class MeetingAPIProtocol(typing.Protocol):
    joined: list[str]


class MeetingAPIImplementaion:
    def __init__(self) -> None:
        self.joined = []


# --- seed ---
import di
...
def setup_di() -> di.Container:
    """
    Binds implementations to dependencies
    """
    container = di.Container()
    container.bind(
        di.bind_by_type(
            dependent.Dependent(cqrs.SqlAlchemyOutboxedEventRepository, scope="request"),
            cqrs.OutboxedEventRepository
        )
    )
    container.bind(
        di.bind_by_type(
            dependent.Dependent(MeetingAPIImplementaion, scope="request"),
            MeetingAPIProtocol
        )
    )
    return container
# --- end ---


class Join(cqrs.Request):
    user_id: str


class Joined(cqrs.DomainEvent):
    user_id: str


class JoinHandler(cqrs.RequestHandler[Join, tuple]):
    def __init__(self, api: MeetingAPIProtocol, outbox: cqrs.OutboxedEventRepository) -> None:
        self._api = api
        self._outbox = outbox

    async def handle(self, request: Join) -> tuple:
        self._api.joined.append(request.user_id)
        self.record(Joined(user_id=request.user_id))
        return self._api, self._outbox


class OnJoined(cqrs.EventHandler[Joined]):
    def __init__(self, api: MeetingAPIProtocol) -> None:
        self._api = api

    async def handle(self, event: Joined) -> None:
        self._api.joined.append(f"{event.user_id} was welcomed")


def session() -> AsyncSession:
    return AsyncSession(create_async_engine("sqlite+aiosqlite://"))


container = setup_di()
container.bind(di.bind_by_type(dependent.Dependent(session, scope="request"), AsyncSession))

mediator = bootstrap.bootstrap(
    di_container=container,
    commands_mapper=lambda m: m.bind(Join, JoinHandler),
    domain_events_mapper=lambda m: m.bind(Joined, OnJoined),
)
