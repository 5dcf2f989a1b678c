# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import di

import cqrs
from tests.seeds.stand_ins import stand_in_module

story = []


class Join(cqrs.Request):
    user_id: str


class Find(cqrs.Request):
    user_id: str


class Joined(cqrs.DomainEvent):
    user_id: str


class JoinHandler(cqrs.RequestHandler[Join, None]):
    async def handle(self, request: Join) -> None:
        self.record(Joined(user_id=request.user_id))


class FindHandler(cqrs.RequestHandler[Find, str]):
    async def handle(self, request: Find) -> str:
        return f"found {request.user_id}"


class OnJoined(cqrs.EventHandler[Joined]):
    async def handle(self, event: Joined) -> None:
        story.append(event.user_id)


stand_in_module(
    "app",
    dependencies=stand_in_module("app.dependencies", setup_di=di.Container),
    mapping=stand_in_module(
        "app.mapping",
        init_commands=lambda m: m.bind(Join, JoinHandler),
        init_queries=lambda m: m.bind(Find, FindHandler),
        init_events=lambda m: m.bind(Joined, OnJoined),
    ),
    orm=stand_in_module("app.orm", init_store_event_mapper=lambda: story.append("tables mapped")),
)

# --- seed ---
import functools
from cqrs.events import bootstrap as event_bootstrap
from cqrs.requests import bootstrap as request_bootstrap
from app import dependencies, mapping, orm
@functools.lru_cache
def mediator_factory():
    return request_bootstrap.bootstrap(
        di_container=dependencies.setup_di(),
        commands_mapper=mapping.init_commands,
        queries_mapper=mapping.init_queries,
        domain_events_mapper=mapping.init_events,
        on_startup=[orm.init_store_event_mapper],
    )
@functools.lru_cache
def event_mediator_factory():
    return event_bootstrap.bootstrap(
        di_container=dependencies.setup_di(),
        events_mapper=mapping.init_events,
        on_startup=[orm.init_store_event_mapper],
    )
# --- end ---
