# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import typing

import cqrs
from cqrs.requests import bootstrap


class ReadMeetingQuery(cqrs.Request):
    meeting_id: int


class ReadMeetingQueryResult(cqrs.Response):
    link: str
    meeting_id: int


class MeetingAPIProtocol(typing.Protocol):
    async def get_link(self, meeting_id: int) -> str: ...


class MeetingAPI:
    async def get_link(self, meeting_id: int) -> str:
        return f"https://meet.example/{meeting_id}"


# --- seed ---
from cqrs.requests.request_handler import RequestHandler
from cqrs.events.event import Event

class ReadMeetingQueryHandler(RequestHandler[ReadMeetingQuery, ReadMeetingQueryResult]):  # was: class ReadMeetingQueryHandler(RequestHandler[ReadMeetingQuery, ReadMeetingQueryResult])
      def __init__(self, meetings_api: MeetingAPIProtocol) -> None:
          self._meetings_api = meetings_api
          self.events: list[Event] = []

      async def handle(self, request: ReadMeetingQuery) -> ReadMeetingQueryResult:
          link = await self._meetings_api.get_link(request.meeting_id)
          return ReadMeetingQueryResult(link=link, meeting_id=request.meeting_id)
# --- end ---

container = cqrs.Resolver()
container.bind(MeetingAPIProtocol, MeetingAPI)
mediator = bootstrap.bootstrap(container, queries_mapper=lambda m: m.bind(ReadMeetingQuery, ReadMeetingQueryHandler))
