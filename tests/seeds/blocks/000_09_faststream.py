# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
# --- seed ---
import functools
import di
import cqrs
import faststream
import pydantic
from cqrs.events import bootstrap
from faststream import kafka
class UserCreatedPayload(pydantic.BaseModel):
    user_id: str
class OnUserCreated(cqrs.EventHandler[cqrs.NotificationEvent[UserCreatedPayload]]):
    async def handle(
        self, e: cqrs.NotificationEvent[UserCreatedPayload],
    ) -> None:
        _ = e.payload.user_id # your integration logic
@functools.lru_cache(maxsize=1) # one mediator per process
def mediator_factory() -> cqrs.EventMediator:
    def em(m: cqrs.EventMap) -> None:
        m.bind(
            cqrs.NotificationEvent[UserCreatedPayload],
            OnUserCreated,
        )
    return bootstrap.bootstrap(di_container=di.Container(), events_mapper=em)
broker = kafka.KafkaBroker(bootstrap_servers=["localhost:9092"])
app = faststream.FastStream(broker)
@broker.subscriber("user_events", group_id="svc", auto_commit=False)
async def on_message(
    body: cqrs.NotificationEvent[UserCreatedPayload],
    msg: kafka.KafkaMessage,
    mediator: cqrs.EventMediator = faststream.Depends(mediator_factory),
):
    await mediator.send(body) # same handlers as in your service
    await msg.ack()
# --- end ---
