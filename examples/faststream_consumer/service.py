"""The subscriber: it hands each event to the mediator, and acknowledges it when its handlers are done."""

import os
from typing import Annotated

import faststream
from faststream import kafka

import cqrs
from cqrs.deserializers import DeserializeJsonError
from cqrs.integrations.faststream import MANUAL_ACK, Redelivery, event_decoder
from examples.faststream_consumer.welcome import UserCreated, UserCreatedEvent, make_mediator

TOPIC = os.environ.get("USER_EVENTS_TOPIC", "user_events")

broker = kafka.KafkaBroker(
    os.environ.get("KAFKA_BOOTSTRAP", "localhost:9092"),
    middlewares=[Redelivery(pause=0.1)],
    logger=None,
)
app = faststream.FastStream(broker)

event_mediator = make_mediator()


async def get_mediator() -> cqrs.EventMediator:
    """One mediator for the whole process."""
    return event_mediator


Mediator = Annotated[cqrs.EventMediator, faststream.Depends(get_mediator)]


# Settings that are not spelled out hide from type checkers which overload is meant.
@broker.subscriber(  # type: ignore[untyped-decorator]  # pyright: ignore[reportUntypedFunctionDecorator]
    TOPIC,
    group_id=f"{TOPIC}.welcome",
    auto_offset_reset="earliest",
    decoder=event_decoder(UserCreatedEvent),
    **MANUAL_ACK,
)
async def on_message(
    body: cqrs.NotificationEvent[UserCreated] | DeserializeJsonError | None,
    msg: kafka.KafkaMessage,
    mediator: Mediator,
) -> None:
    """Handle one message. If this fails, `Redelivery` lets it come again, and those behind it wait."""
    if isinstance(body, DeserializeJsonError):
        print("set aside:", body.error_message)
    elif body is not None:
        await mediator.send(body)
    await msg.ack()
