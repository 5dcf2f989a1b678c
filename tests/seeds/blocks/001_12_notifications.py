# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import pydantic

import cqrs
from cqrs.message_brokers.memory import MemoryMessageBroker
from cqrs.requests import bootstrap


class JoinMeetingCommand(cqrs.Request):
    user_id: str
    meeting_id: str


class UserJoinedNotificationPayload(pydantic.BaseModel):
    user_id: str
    meeting_id: str


class UserJoinedECSTPayload(pydantic.BaseModel):
    user_id: str
    meeting_id: str


# --- seed ---
class JoinMeetingCommandHandler(cqrs.RequestHandler[JoinMeetingCommand, None]):
    def __init__(self):
        self._events = []
    @property
    def events(self):
        return self._events
    async def handle(self, request: JoinMeetingCommand) -> None:
        print(f"User {request.user_id} joined meeting {request.meeting_id}")
        self._events.append(
            cqrs.NotificationEvent[UserJoinedNotificationPayload](
                event_name="UserJoined",
                topic="user_notification_events",
                payload=UserJoinedNotificationPayload(
                    user_id=request.user_id,
                    meeting_id=request.meeting_id,
                ),
            )
        )
        self._events.append(
            cqrs.NotificationEvent[UserJoinedECSTPayload](
                event_name="UserJoined",
                topic="user_ecst_events",
                payload=UserJoinedECSTPayload(
                    user_id=request.user_id,
                    meeting_id=request.meeting_id,
                ),
            )
        )
# --- end ---

broker = MemoryMessageBroker()
mediator = bootstrap.bootstrap(
    message_broker=broker,
    commands_mapper=lambda m: m.bind(JoinMeetingCommand, JoinMeetingCommandHandler),
)
