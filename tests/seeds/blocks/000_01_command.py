# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
# --- seed ---
import di
import cqrs
from cqrs.requests import bootstrap
# 1) Contract: what goes in / what comes out (CQRS: this is a “write” path).
class CreateUserCommand(cqrs.Request):
    email: str
    name: str
class CreateUserResponse(cqrs.Response):
    user_id: str
# 2) Pure handler: no FastAPI, no Kafka—only business logic.
class CreateUserHandler(cqrs.RequestHandler[CreateUserCommand, CreateUserResponse]):
    async def handle(self, request: CreateUserCommand) -> CreateUserResponse:
        user_id = f"user_{request.email}"
        return CreateUserResponse(user_id=user_id)
# 3) Mediator: map command type → handler, resolve via DI.
mediator = bootstrap.bootstrap(
    di_container=di.Container(),
    commands_mapper=lambda m: m.bind(CreateUserCommand, CreateUserHandler),
)
result = await mediator.send(
    CreateUserCommand(email="user@example.com", name="John"),
)
# --- end ---
