# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import collections

import cqrs
from cqrs.requests import bootstrap


class JoinMeetingCommand(cqrs.Request):
    user_id: str
    meeting_id: str


class UserJoined(cqrs.DomainEvent):
    user_id: str
    meeting_id: str


STORAGE = collections.defaultdict(list)

# --- seed ---
class JoinMeetingCommandHandler(cqrs.RequestHandler[JoinMeetingCommand, None]):
    def __init__(self):
        self._events = []
    @property
    def events(self):
        return self._events
    async def handle(self, request: JoinMeetingCommand) -> None:
        STORAGE[request.meeting_id].append(request.user_id)
        self._events.append(
            UserJoined(user_id=request.user_id, meeting_id=request.meeting_id),
        )
        print(f"User {request.user_id} joined meeting {request.meeting_id}")
class UserJoinedEventHandler(cqrs.EventHandler[UserJoined]):
    async def handle(self, event: UserJoined) -> None:
        print(f"Handle user {event.user_id} joined meeting {event.meeting_id} event")
# --- end ---

mediator = bootstrap.bootstrap(
    commands_mapper=lambda m: m.bind(JoinMeetingCommand, JoinMeetingCommandHandler),
    domain_events_mapper=lambda m: m.bind(UserJoined, UserJoinedEventHandler),
)
