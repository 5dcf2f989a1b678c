# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
# --- seed ---
import cqrs
import di
from cqrs.requests import bootstrap
class GetUserByEmail(cqrs.Request):
    email: str
class UserDto(cqrs.Response):
    user_id: str
    name: str
class GetUserHandler(cqrs.RequestHandler[GetUserByEmail, UserDto]):
    async def handle(self, request: GetUserByEmail) -> UserDto:
        return UserDto(user_id="u1", name="Ada") # e.g. DB / cache read
mediator = bootstrap.bootstrap(
    di_container=di.Container(),
    commands_mapper=lambda m: m.bind(GetUserByEmail, GetUserHandler),
)
user = await mediator.send(GetUserByEmail(email="a@b.c"))
# --- end ---
