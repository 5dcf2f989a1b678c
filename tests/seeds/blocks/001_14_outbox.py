# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import os

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from sqlalchemy.ext.asyncio import session as sql_session
import pydantic
import cqrs
from cqrs.requests import bootstrap


class JoinMeetingCommand(cqrs.Request):
    user_id: str
    meeting_id: int


class UserJoinedNotificationPayload(pydantic.BaseModel):
    user_id: str
    meeting_id: int


class UserJoinedECSTPayload(pydantic.BaseModel):
    user_id: str
    meeting_id: int


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

# The document gives both events one name; what they have in common is what the name stands for.
cqrs.OutboxedEventMap.register("UserJoined", cqrs.NotificationEvent)

# --- seed ---
def do_some_logic(meeting_room_id: int, session: sql_session.AsyncSession):
    """
    Make changes to the database
    """
    session.add(...)
class JoinMeetingCommandHandler(cqrs.RequestHandler[JoinMeetingCommand, None]):
    def __init__(self, outbox: cqrs.OutboxedEventRepository):
        self.outbox = outbox
    @property
    def events(self):
        return []
    async def handle(self, request: JoinMeetingCommand) -> None:
        print(f"User {request.user_id} joined meeting {request.meeting_id}")
        async with self.outbox as session:
            do_some_logic(request.meeting_id, session) # business logic
            self.outbox.add(
                session,
                cqrs.NotificationEvent[UserJoinedNotificationPayload](
                    event_name="UserJoined",
                    topic="user_notification_events",
                    payload=UserJoinedNotificationPayload(
                        user_id=request.user_id,
                        meeting_id=request.meeting_id,
                    ),
                ),
            )
            self.outbox.add(
                session,
                cqrs.NotificationEvent[UserJoinedECSTPayload](
                    event_name="UserJoined",
                    topic="user_ecst_events",
                    payload=UserJoinedECSTPayload(
                        user_id=request.user_id,
                        meeting_id=request.meeting_id,
                    ),
                ),
            )
            await self.outbox.commit(session)
# --- end ---


outbox = cqrs.SqlAlchemyOutboxedEventRepository(session_factory)
container = cqrs.Resolver()
container.bind_instance(cqrs.OutboxedEventRepository, outbox)
mediator = bootstrap.bootstrap(
    di_container=container,
    commands_mapper=lambda m: m.bind(JoinMeetingCommand, JoinMeetingCommandHandler),
)
