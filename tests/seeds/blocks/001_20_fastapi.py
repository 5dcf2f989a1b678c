# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import functools
import typing

from fastapi import status

import cqrs
from cqrs.requests import bootstrap
from tests.seeds.stand_ins import stand_in_module

joined = []


class JoinMeetingCommand(cqrs.Request):
    meeting_id: int
    user_id: str


class JoinMeetingCommandHandler(cqrs.RequestHandler[JoinMeetingCommand, None]):
    async def handle(self, request: JoinMeetingCommand) -> None:
        joined.append((request.meeting_id, request.user_id))


@functools.lru_cache
def mediator_factory() -> cqrs.RequestMediator:
    return bootstrap.bootstrap(commands_mapper=lambda m: m.bind(JoinMeetingCommand, JoinMeetingCommandHandler))


# The document imports the module as `dependecies`, and calls it `dependencies`.
dependencies = stand_in_module("app.dependecies", mediator_factory=mediator_factory)
commands = stand_in_module("app.commands", JoinMeetingCommand=JoinMeetingCommand)
stand_in_module("app", dependecies=dependencies, commands=commands)

# --- seed ---
import fastapi
import pydantic
from app import dependecies, commands
router = fastapi.APIRouter(prefix="/meetings")
@router.put("/{meeting_id}/{user_id}", status_code=status.HTTP_200_OK)
async def join_metting(
    meeting_id: pydantic.PositiveInt,
    user_id: typing.Text,
    mediator: cqrs.RequestMediator = fastapi.Depends(dependencies.mediator_factory),
):
    await mediator.send(commands.JoinMeetingCommand(meeting_id=meeting_id, user_id=user_id))
    return {"result": "ok"}
# --- end ---

app = fastapi.FastAPI()
app.include_router(router)
