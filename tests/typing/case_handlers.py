"""Handlers may keep their events as they like, and the payload of a notification is typed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, assert_type

import pydantic

import cqrs


class Ask(cqrs.Request):
    pass


class Answer(cqrs.Response):
    pass


class Payload(pydantic.BaseModel):
    user_id: str


class OwnEvents(cqrs.RequestHandler[Ask, Answer]):
    def __init__(self) -> None:
        self._own: list[cqrs.Event] = []

    @property
    def events(self) -> list[cqrs.Event]:
        return self._own

    async def handle(self, request: Ask) -> Answer:
        return Answer()


class Member(cqrs.CORRequestHandler[Ask, Answer]):
    @property
    def events(self) -> list[cqrs.Event]:
        return []

    async def handle(self, request: Ask) -> Answer | None:
        assert_type(await self.next(request), Answer | None)
        return await self.next(request)


class OnNotified(cqrs.EventHandler[cqrs.NotificationEvent[Payload]]):
    async def handle(self, event: cqrs.NotificationEvent[Payload]) -> None:
        assert_type(event.payload, Payload)
        assert_type(event.payload.user_id, str)
        self.record(event)
        assert_type(self.events, Sequence[Any])


class WrongAnswer(cqrs.RequestHandler[Ask, Answer]):
    async def handle(self, request: Ask) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return ""


@dataclasses.dataclass(frozen=True)
class Happened(cqrs.DCDomainEvent):
    user_id: str


def notifications_are_made_with_their_fields() -> None:
    event = cqrs.NotificationEvent[Payload](event_name="joined", payload=Payload(user_id="1"), topic="users")
    assert_type(event.payload, Payload)
    assert_type(cqrs.NotificationEvent(event_name="joined", payload=1).event_name, str)


async def the_resolver_gives_what_it_was_asked_for(container: cqrs.Resolver) -> None:
    assert_type(await container.resolve(OwnEvents), OwnEvents)
