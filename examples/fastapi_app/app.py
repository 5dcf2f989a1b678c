"""The routes: each turns a request into a message, and leaves the rest to the mediator."""

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
    mediator_factory,
)

Mediator = Annotated[cqrs.RequestMediator, fastapi.Depends(mediator_factory)]

app = fastapi.FastAPI(title="Meetings")
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
