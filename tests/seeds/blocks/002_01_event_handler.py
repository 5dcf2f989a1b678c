# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import typing

import cqrs


class UserJoinedEventHandler(cqrs.DomainEvent):
    """The document gives the event and its handler one name; this one is the event."""

    meeting_id: int


UserJoined = UserJoinedEventHandler


class MeetingAPIProtocol(typing.Protocol):
    async def notify_room(self, meeting_id: int, text: str) -> None: ...


class MeetingAPI:
    def __init__(self) -> None:
        self.notices = []

    async def notify_room(self, meeting_id: int, text: str) -> None:
        self.notices.append((meeting_id, text))


# --- seed ---
from cqrs.events import EventHandler

class UserJoinedEventHandler(EventHandler[UserJoinedEventHandler]):  # was: class UserJoinedEventHandler(EventHandler[UserJoinedEventHandler])
    def __init__(self, meetings_api: MeetingAPIProtocol) -> None:
      self._meetings_api = meetings_api

    async def handle(self, event: UserJoinedEventHandler) -> None:
      await self._meetings_api.notify_room(event.meeting_id, "New user joined!")
# --- end ---

from cqrs.events import bootstrap

meetings_api = MeetingAPI()
container = cqrs.Resolver()
container.bind_instance(MeetingAPIProtocol, meetings_api)
mediator = bootstrap.bootstrap(container, events_mapper=lambda m: m.bind(UserJoined, UserJoinedEventHandler))
