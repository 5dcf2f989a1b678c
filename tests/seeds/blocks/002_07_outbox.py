# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import os

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import typing
import cqrs
from cqrs import requests
from cqrs.requests import bootstrap


class CloseMeetingRoomCommand(requests.Request):
    meeting_room_id: int


class Base(DeclarativeBase):
    pass


class Room(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)


class Session(AsyncSession):
    """The document adds `...`, for whatever the reader has to add."""

    def add(self, instance):
        super().add(Room() if instance is ... else instance)


engine = create_async_engine(os.environ["DATABASE_OF_THE_TEST"])
session_factory = async_sessionmaker(engine, class_=Session)

cqrs.OutboxedEventMap.register("MeetingRoomClosed", cqrs.ECSTEvent)

# --- seed ---
from sqlalchemy.ext.asyncio import session as sql_session
from cqrs import events

def do_some_logic(meeting_room_id: int, session: sql_session.AsyncSession):
    """
    Make changes to the database
    """
    session.add(...)


class CloseMeetingRoomCommandHandler(requests.RequestHandler[CloseMeetingRoomCommand, None]):

    def __init__(self, repository: cqrs.SqlAlchemyOutboxedEventRepository):
        self._repository = repository
        self._events: typing.List[events.Event] = []

    async def handle(self, request: CloseMeetingRoomCommand) -> None:
        async with self._repository as session:
           do_some_logic(request.meeting_room_id, session)
           self.repository.add(
               session,
               events.ECSTEvent(
                  event_name="MeetingRoomClosed",
                  payload=dict(message="foo"),
              ),
           )
           await self.repository.commit(session)
# --- end ---


class Handler(CloseMeetingRoomCommandHandler):
    """The document keeps the repository as `_repository` and goes on with `repository`."""

    @property
    def repository(self):
        return self._repository


outbox = cqrs.SqlAlchemyOutboxedEventRepository(session_factory)
container = cqrs.Resolver()
container.bind_instance(cqrs.SqlAlchemyOutboxedEventRepository, outbox)
mediator = bootstrap.bootstrap(
    di_container=container,
    commands_mapper=lambda m: m.bind(CloseMeetingRoomCommand, Handler),
)
