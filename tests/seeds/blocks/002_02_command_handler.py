# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import typing

import cqrs
from cqrs.requests import bootstrap


class JoinMeetingCommand(cqrs.Request):
    user_id: str
    meeting_id: int


class MeetingAPIProtocol(typing.Protocol):
    async def join_user(self, user_id: str, meeting_id: int) -> None: ...


class MeetingAPI:
    def __init__(self) -> None:
        self.joined = []

    async def join_user(self, user_id: str, meeting_id: int) -> None:
        self.joined.append((user_id, meeting_id))


# --- seed ---
from cqrs.requests.request_handler import RequestHandler
from cqrs.events.event import Event

class JoinMeetingCommandHandler(RequestHandler[JoinMeetingCommand, None]):  # was: class JoinMeetingCommandHandler(RequestHandler[JoinMeetingCommand, None])
      def __init__(self, meetings_api: MeetingAPIProtocol) -> None:
          self._meetings_api = meetings_api
          self.events: list[Event] = []

      async def handle(self, request: JoinMeetingCommand) -> None:
          await self._meetings_api.join_user(request.user_id, request.meeting_id)
# --- end ---

meetings_api = MeetingAPI()
container = cqrs.Resolver()
container.bind_instance(MeetingAPIProtocol, meetings_api)
mediator = bootstrap.bootstrap(container, commands_mapper=lambda m: m.bind(JoinMeetingCommand, JoinMeetingCommandHandler))
