# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import typing

from di import dependent

import cqrs as the_package
from cqrs.requests import bootstrap
from tests.seeds.stand_ins import cqrs_with


class OutboxedEventRepository(typing.Protocol):
    """The outbox comes later; what is bound here is any interface and its implementation."""


class SqlAlchemyOutboxedEventRepository:
    pass


cqrs = cqrs_with(
    OutboxedEventRepository=OutboxedEventRepository,
    SqlAlchemyOutboxedEventRepository=SqlAlchemyOutboxedEventRepository,
)


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


class Join(the_package.Request):
    user_id: str


class Joined(the_package.DomainEvent):
    user_id: str


class JoinHandler(the_package.RequestHandler[Join, tuple]):
    def __init__(self, api: MeetingAPIProtocol, outbox: OutboxedEventRepository) -> None:
        self._api = api
        self._outbox = outbox

    async def handle(self, request: Join) -> tuple:
        self._api.joined.append(request.user_id)
        self.record(Joined(user_id=request.user_id))
        return self._api, self._outbox


class OnJoined(the_package.EventHandler[Joined]):
    def __init__(self, api: MeetingAPIProtocol) -> None:
        self._api = api

    async def handle(self, event: Joined) -> None:
        self._api.joined.append(f"{event.user_id} was welcomed")


mediator = bootstrap.bootstrap(
    di_container=setup_di(),
    commands_mapper=lambda m: m.bind(Join, JoinHandler),
    domain_events_mapper=lambda m: m.bind(Joined, OnJoined),
)
