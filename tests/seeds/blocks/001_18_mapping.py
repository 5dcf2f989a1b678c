# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import pydantic

import cqrs
from tests.seeds.stand_ins import stand_in_module


class JoinMeetingCommand(cqrs.Request):
    meeting_id: int


class JoinMeetingCommandHandler(cqrs.RequestHandler[JoinMeetingCommand, str]):
    async def handle(self, request: JoinMeetingCommand) -> str:
        return f"joined {request.meeting_id}"


class ReadMeetingQuery(cqrs.Request):
    meeting_id: int


class ReadMeetingQueryHandler(cqrs.RequestHandler[ReadMeetingQuery, str]):
    async def handle(self, request: ReadMeetingQuery) -> str:
        return f"read {request.meeting_id}"


class NotificationMeetingRoomClosed(pydantic.BaseModel):
    meeting_room_id: int


class ECSTMeetingRoomClosed(pydantic.BaseModel):
    meeting_room_id: int


closed = []


class MeetingRoomClosedNotificationHandler(cqrs.EventHandler[cqrs.NotificationEvent[NotificationMeetingRoomClosed]]):
    async def handle(self, event: cqrs.NotificationEvent[NotificationMeetingRoomClosed]) -> None:
        closed.append(("notified", event.payload.meeting_room_id))


class UpdateMeetingRoomReadModelHandler(cqrs.EventHandler[cqrs.NotificationEvent[ECSTMeetingRoomClosed]]):
    async def handle(self, event: cqrs.NotificationEvent[ECSTMeetingRoomClosed]) -> None:
        closed.append(("updated", event.payload.meeting_room_id))


stand_in_module(
    "app",
    commands=stand_in_module("app.commands", JoinMeetingCommand=JoinMeetingCommand),
    command_handlers=stand_in_module("app.command_handlers", JoinMeetingCommandHandler=JoinMeetingCommandHandler),
    queries=stand_in_module("app.queries", ReadMeetingQuery=ReadMeetingQuery),
    query_handlers=stand_in_module("app.query_handlers", ReadMeetingQueryHandler=ReadMeetingQueryHandler),
    events=stand_in_module("app.events", ECSTMeetingRoomClosed=ECSTMeetingRoomClosed),
    event_handlers=stand_in_module(
        "app.event_handlers",
        MeetingRoomClosedNotificationHandler=MeetingRoomClosedNotificationHandler,
        UpdateMeetingRoomReadModelHandler=UpdateMeetingRoomReadModelHandler,
    ),
)
# The document imports the module as `event_models`, and calls it `events_models` once.
events_models = stand_in_module("app.events_models", NotificationMeetingRoomClosed=NotificationMeetingRoomClosed)

# --- seed ---
from cqrs import requests, events
from app import commands, command_handlers
from app import queries, query_handlers
from app import events as event_models, event_handlers
def init_commands(mapper: requests.RequestMap) -> None:
    mapper.bind(commands.JoinMeetingCommand, command_handlers.JoinMeetingCommandHandler)
def init_queries(mapper: requests.RequestMap) -> None:
    mapper.bind(queries.ReadMeetingQuery, query_handlers.ReadMeetingQueryHandler)
def init_events(mapper: events.EventMap) -> None:
    mapper.bind(events.NotificationEvent[events_models.NotificationMeetingRoomClosed], event_handlers.MeetingRoomClosedNotificationHandler)
    mapper.bind(events.NotificationEvent[event_models.ECSTMeetingRoomClosed], event_handlers.UpdateMeetingRoomReadModelHandler)
# --- end ---

from cqrs.events import bootstrap as event_bootstrap
from cqrs.requests import bootstrap as request_bootstrap

mediator = request_bootstrap.bootstrap(commands_mapper=init_commands, queries_mapper=init_queries)
event_mediator = event_bootstrap.bootstrap(events_mapper=init_events)
