"""A mediator as a dependency of routes, over a real socket."""

from __future__ import annotations

import functools
from typing import Annotated

import fastapi
import pydantic  # noqa: TC002  # FastAPI reads the annotations

import cqrs
from cqrs.requests.bootstrap import bootstrap
from tests.integration.fastapi.live import serve


class JoinMeetingCommand(cqrs.Request[None]):
    meeting_id: int
    user_id: str


class ReadMeeting(cqrs.Request[list[str]]):
    meeting_id: int


class Meetings:
    def __init__(self) -> None:
        self.members: list[str] = []


async def join(command: JoinMeetingCommand, meetings: Meetings) -> None:
    meetings.members.append(command.user_id)


async def read(query: ReadMeeting, meetings: Meetings) -> list[str]:
    return meetings.members


@functools.lru_cache
def mediator_factory() -> cqrs.RequestMediator:
    container = cqrs.Resolver()
    container.bind(Meetings, lifetime="singleton")
    return bootstrap(
        container,
        commands_mapper=lambda m: m.bind(JoinMeetingCommand, join),
        queries_mapper=lambda m: m.bind(ReadMeeting, read),
    )


Mediator = Annotated[cqrs.RequestMediator, fastapi.Depends(mediator_factory)]

router = fastapi.APIRouter(prefix="/meetings")


@router.put("/{meeting_id}/{user_id}")
async def join_meeting(
    meeting_id: pydantic.PositiveInt,
    user_id: str,
    mediator: cqrs.RequestMediator = fastapi.Depends(mediator_factory),  # noqa: B008, FAST002  # as users do
) -> dict[str, str]:
    await mediator.send(JoinMeetingCommand(meeting_id=meeting_id, user_id=user_id))
    return {"result": "ok"}


@router.get("/{meeting_id}")
async def read_meeting(meeting_id: pydantic.PositiveInt, mediator: Mediator) -> list[str]:
    return await mediator.send(ReadMeeting(meeting_id=meeting_id))


async def test_routes_share_one_mediator_however_they_ask_for_it() -> None:
    app = fastapi.FastAPI()
    app.include_router(router)
    async with serve(app) as live:
        assert (await live.client.put("/meetings/7/ada")).json() == {"result": "ok"}
        assert (await live.client.get("/meetings/7")).json() == ["ada"]
        assert (await live.client.put("/meetings/0/ada")).status_code == 422
