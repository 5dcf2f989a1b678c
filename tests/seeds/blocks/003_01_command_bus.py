# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import dataclasses


@dataclasses.dataclass(frozen=True)
class ProductCreated:
    sku: str
    price: float


@dataclasses.dataclass(frozen=True)
class PriceChanged:
    price: float
    reason: str


class Product:
    """In the place of an aggregate, the least that the handler asks of one."""

    def __init__(self, id, events):
        self.id = id
        self._new = events

    @classmethod
    def create(cls, name, price, category, sku):
        return cls(f"product-{sku}", [ProductCreated(sku, price)])

    @classmethod
    def from_events(cls, events):
        return cls(f"product-{events[0].sku}", [])

    def update_price(self, price, reason):
        self._new.append(PriceChanged(price, reason))

    def uncommitted_events(self):
        return self._new


class EventStore:
    """In the place of an event store, a dictionary."""

    def __init__(self):
        self.streams = {}

    async def save(self, aggregate_id, events, expected_version):
        stream = self.streams.setdefault(aggregate_id, [])
        assert len(stream) == expected_version
        stream.extend(events)

    async def load(self, aggregate_id):
        return list(self.streams[aggregate_id])


class EventPublisher:
    """In the place of a publisher, a list."""

    def __init__(self):
        self.published = []

    async def publish(self, event):
        self.published.append(event)


# --- seed ---
# Command bus
from typing import Callable, Dict, Type
from dataclasses import dataclass

class CommandBus:
    def __init__(self):
        self._handlers: Dict[Type, Callable] = {}

    def register(self, command_type: Type, handler: Callable):
        self._handlers[command_type] = handler

    async def dispatch(self, command) -> any:
        handler = self._handlers.get(type(command))
        if not handler:
            raise ValueError(f"No handler for {type(command).__name__}")
        return await handler(command)

# Commands
@dataclass
class CreateProduct:
    name: str
    price: float
    category: str
    sku: str

@dataclass
class UpdatePrice:
    product_id: str
    new_price: float
    reason: str

# Command handler with event sourcing
class ProductCommandHandler:
    def __init__(self, event_store, event_publisher):
        self.event_store = event_store
        self.event_publisher = event_publisher

    async def handle_create_product(self, command: CreateProduct) -> str:
        product = Product.create(
            name=command.name,
            price=command.price,
            category=command.category,
            sku=command.sku,
        )
        events = product.uncommitted_events()

        await self.event_store.save(
            aggregate_id=product.id,
            events=events,
            expected_version=0,
        )

        for event in events:
            await self.event_publisher.publish(event)

        return product.id

    async def handle_update_price(self, command: UpdatePrice):
        # Load aggregate from events
        events = await self.event_store.load(command.product_id)
        product = Product.from_events(events)

        # Apply domain logic
        product.update_price(command.new_price, command.reason)

        new_events = product.uncommitted_events()
        await self.event_store.save(
            aggregate_id=product.id,
            events=new_events,
            expected_version=len(events),
        )

        for event in new_events:
            await self.event_publisher.publish(event)
# --- end ---

event_store, event_publisher = EventStore(), EventPublisher()
handler = ProductCommandHandler(event_store, event_publisher)
