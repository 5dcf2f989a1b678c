# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import cqrs


class PlaceOrder(cqrs.Request):
    order_id: str


class OrderPlaced(cqrs.DomainEvent):
    order_id: str


class PlaceOrderHandler(cqrs.RequestHandler[PlaceOrder, None]):
    async def handle(self, request: PlaceOrder) -> None:
        self.record(OrderPlaced(order_id=request.order_id))


class AnnounceOrder(cqrs.EventHandler[OrderPlaced]):
    async def handle(self, event: OrderPlaced) -> None:
        payload = {"order_id": event.order_id}
        self.record(cqrs.NotificationEvent(event_name="order_placed", topic="orders", payload=payload))


def commands_mapper(mapper: cqrs.RequestMap) -> None:
    mapper.bind(PlaceOrder, PlaceOrderHandler)


def events_mapper(mapper: cqrs.EventMap) -> None:
    mapper.bind(OrderPlaced, AnnounceOrder)


# --- seed ---
import cqrs
import di
from cqrs.requests import bootstrap
from cqrs.message_brokers import kafka
from cqrs.adapters.kafka import KafkaProducerAdapter
kafka_broker = kafka.KafkaMessageBroker(
    producer=KafkaProducerAdapter(bootstrap_servers=["localhost:9092"]),
)
mediator = bootstrap.bootstrap(
    di_container=di.Container(),
    commands_mapper=commands_mapper,
    domain_events_mapper=events_mapper,
    message_broker=kafka_broker, # publish path for events produced by handlers
)
# --- end ---
