"""The routes: each turns a request into a message, and leaves the rest to the mediator."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import fastapi
import pydantic

import cqrs
from cqrs.integrations.fastapi import Problem, install_error_handlers
from examples.fastapi_app.meetings import (
    JoinMeeting,
    Meeting,
    MeetingDoesNotExist,
    MeetingIsFull,
    ReadMeeting,
    make_mediator,
)


@asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncGenerator[None, None]:
    """Build the mediator, and close at the end what the container keeps open."""
    async with cqrs.Resolver() as container:
        app.state.mediator = make_mediator(container)
        yield


async def mediator_of(request: fastapi.Request) -> cqrs.RequestMediator:
    """The one mediator of the process."""
    mediator: cqrs.RequestMediator = request.app.state.mediator
    return mediator


Mediator = Annotated[cqrs.RequestMediator, fastapi.Depends(mediator_of)]

app = fastapi.FastAPI(title="Meetings", lifespan=lifespan)
install_error_handlers(app, {MeetingDoesNotExist: 404, MeetingIsFull: Problem(409, "The meeting is full")})


@app.put("/meetings/{meeting_id}/{user_id}")
async def join_meeting(meeting_id: pydantic.PositiveInt, user_id: str, mediator: Mediator) -> dict[str, str]:
    """Take a seat in a meeting."""
    await mediator.send(JoinMeeting(meeting_id=meeting_id, user_id=user_id))
    return {"result": "ok"}


@app.get("/meetings/{meeting_id}")
async def show_meeting(meeting_id: pydantic.PositiveInt, mediator: Mediator) -> Meeting:
    """Who takes part in a meeting."""
    return await mediator.send(ReadMeeting(meeting_id=meeting_id))
