# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import di

import cqrs
from cqrs.message_brokers.memory import MemoryMessageBroker


class ProcessBatch(cqrs.Request):
    items: list[str]


class ItemProcessed(cqrs.DomainEvent):
    item: str


class BatchHandler(cqrs.StreamingRequestHandler[ProcessBatch, str]):
    async def handle(self, request: ProcessBatch):
        self.record(*(ItemProcessed(item=item) for item in request.items))
        yield "done"


class OnItemProcessed(cqrs.EventHandler[ItemProcessed]):
    async def handle(self, event: ItemProcessed) -> None:
        pass


container = di.Container()
broker = MemoryMessageBroker()


def commands_mapper(mapper: cqrs.RequestMap) -> None:
    mapper.bind(ProcessBatch, BatchHandler)


def domain_events_mapper(mapper: cqrs.EventMap) -> None:
    mapper.bind(ItemProcessed, OnItemProcessed)


# --- seed ---
from cqrs.requests import bootstrap
mediator = bootstrap.bootstrap_streaming(
    di_container=container,
    commands_mapper=commands_mapper,
    domain_events_mapper=domain_events_mapper,
    message_broker=broker,
    max_concurrent_event_handlers=3, # Process up to 3 events in parallel
    concurrent_event_handle_enable=True, # Enable parallel processing
)
# --- end ---
