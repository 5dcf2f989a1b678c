# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
# The document adds this event to an outbox, which comes later; here a handler records it.
# --- seed ---
from cqrs import events
# --- end ---

from cqrs import requests
from cqrs.message_brokers.memory import MemoryMessageBroker
from cqrs.requests import bootstrap


class CloseMeetingRoomCommand(requests.Request):
    pass


class CloseMeetingRoomCommandHandler(requests.RequestHandler[CloseMeetingRoomCommand, None]):
    async def handle(self, request: CloseMeetingRoomCommand) -> None:
        self.record(
               # --- seed ---
               events.ECSTEvent(
                  event_name="MeetingRoomClosed",
                  payload=dict(message="foo"),
               ),
               # --- end ---
        )


broker = MemoryMessageBroker()
mediator = bootstrap.bootstrap(
    message_broker=broker,
    commands_mapper=lambda m: m.bind(CloseMeetingRoomCommand, CloseMeetingRoomCommandHandler),
)
