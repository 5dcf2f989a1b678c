# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import os

import cqrs

LOGIN, PASSWORD, HOSTNAME = "guest", "guest", os.environ["RABBITMQ_HOST_OF_THE_TEST"]


class JoinUserCommand(cqrs.Request):
    user_id: str


class UserJoinedDomainEvent(cqrs.DomainEvent):
    user_id: str


class JoinUserCommandHandler(cqrs.RequestHandler[JoinUserCommand, None]):
    async def handle(self, request: JoinUserCommand) -> None:
        self.record(
            UserJoinedDomainEvent(user_id=request.user_id),
            cqrs.NotificationEvent(event_name="UserJoined", topic="user_joined", payload={"user_id": request.user_id}),
        )


welcomed = []


class UserJoinedDomainEventHandler(cqrs.EventHandler[UserJoinedDomainEvent]):
    async def handle(self, event: UserJoinedDomainEvent) -> None:
        welcomed.append(event.user_id)


container = cqrs.Resolver()
join_user_command = JoinUserCommand(user_id="ada")

# --- seed ---
from cqrs.events import EventMap, EventEmitter
from cqrs.requests import RequestMap
from cqrs.mediator import RequestMediator
from cqrs.message_brokers.amqp import AMQPMessageBroker

message_broker = AMQPMessageBroker(
    dsn=f"amqp://{LOGIN}:{PASSWORD}@{HOSTNAME}/",
    queue_name="user_joined_domain",
    exchange_name="user_joined",
)
event_map = EventMap()
event_map.bind(UserJoinedDomainEvent, UserJoinedDomainEventHandler)
request_map = RequestMap()
request_map.bind(JoinUserCommand, JoinUserCommandHandler)
event_emitter = EventEmitter(event_map, container, message_broker)

mediator = RequestMediator(
    request_map=request_map,
    container=container,  # was: container=container
    event_emitter=event_emitter,
)

# Handles command and published events by the command handler.
await mediator.send(join_user_command)
# --- end ---
