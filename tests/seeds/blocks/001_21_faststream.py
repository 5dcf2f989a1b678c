# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import functools
import json

from cqrs.events import bootstrap


def value_deserializer(value: bytes) -> bytes:
    return value


async def decoder(message) -> dict | None:
    """What is no event of ours becomes `None`."""
    try:
        return json.loads(message.body)
    except ValueError:
        return None


@functools.lru_cache
def mediator_factory():
    return bootstrap.bootstrap(
        events_mapper=lambda m: m.bind(cqrs.NotificationEvent[HelloWorldPayload], HelloWorldECSTEventHandler)
    )


# --- seed ---
import cqrs
import pydantic
import faststream
from faststream import kafka
broker = kafka.KafkaBroker(bootstrap_servers=["localhost:9092"])
app = faststream.FastStream(broker)
class HelloWorldPayload(pydantic.BaseModel):
    hello: str = pydantic.Field(default="Hello")
    world: str = pydantic.Field(default="World")
class HelloWorldECSTEventHandler(cqrs.EventHandler[cqrs.NotificationEvent[HelloWorldPayload]]):
    async def handle(self, event: cqrs.NotificationEvent[HelloWorldPayload]) -> None:
        print(f"{event.payload.hello} {event.payload.world}") # type: ignore
@broker.subscriber(
    "hello_world",
    group_id="examples",
    auto_commit=False,
    value_deserializer=value_deserializer,
    decoder=decoder,
)
async def hello_world_event_handler(
    body: cqrs.NotificationEvent[HelloWorldPayload] | None,
    msg: kafka.KafkaMessage,
    mediator: cqrs.EventMediator = faststream.Depends(mediator_factory),
):
    if body is not None:
        await mediator.send(body)
    await msg.ack()
# --- end ---
