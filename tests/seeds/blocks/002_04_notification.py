# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import typing

import cqrs
from cqrs import events, requests


class CloseMeetingRoomCommand(cqrs.Request):
    meeting_room_id: int


# --- seed ---
class CloseMeetingRoomCommandHandler(requests.RequestHandler[CloseMeetingRoomCommand, None]):
    def __init__(self) -> None:
        self._events: typing.List[events.Event] = []

    @property
    def events(self) -> typing.List:
        return self._events

    async def handle(self, request: CloseMeetingRoomCommand) -> None:
        # some process
        event = events.NotificationEvent(
            event_topic="meeting_room_notifications",
            event_name="meeteng_room_closed",
            payload=dict(
                meeting_room_id=request.meeting_room_id,
            ),
        )
        self._events.append(event)
# --- end ---

from cqrs.message_brokers.memory import MemoryMessageBroker
from cqrs.requests import bootstrap

broker = MemoryMessageBroker()
mediator = bootstrap.bootstrap(
    message_broker=broker,
    commands_mapper=lambda m: m.bind(CloseMeetingRoomCommand, CloseMeetingRoomCommandHandler),
)
