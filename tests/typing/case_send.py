"""`send` and `stream` have the types of their results."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, assert_type

import cqrs
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming


class UserCreated(cqrs.Response):
    user_id: str


class CreateUser(cqrs.Request[UserCreated]):
    email: str


class CreateAdmin(CreateUser):
    pass


class DeleteUser(cqrs.Request[None]):
    user_id: str


class Undeclared(cqrs.Request):
    pass


@dataclasses.dataclass
class RenameUser(cqrs.DCRequest[UserCreated]):
    name: str


@dataclasses.dataclass
class Plain:
    name: str


class CreateUserHandler(cqrs.RequestHandler[CreateUser, UserCreated]):
    async def handle(self, request: CreateUser) -> UserCreated:
        return UserCreated(user_id=request.email)


class PlainHandler(cqrs.RequestHandler[Plain, UserCreated]):
    async def handle(self, request: Plain) -> UserCreated:
        return UserCreated(user_id=request.name)


class PlainStream(cqrs.StreamingRequestHandler[Plain, UserCreated]):
    async def handle(self, request: Plain) -> AsyncIterator[UserCreated]:
        yield UserCreated(user_id=request.name)


async def the_answer_is_inferred_from_the_request(mediator: cqrs.RequestMediator) -> None:
    assert_type(await mediator.send(CreateUser(email="a@b.c")), UserCreated)
    assert_type(await mediator.send(CreateAdmin(email="a@b.c")), UserCreated)
    assert_type(await mediator.send(RenameUser(name="Ada")), UserCreated)
    assert_type(await mediator.send(DeleteUser(user_id="1")), None)
    assert_type(await mediator.send(Undeclared()), Any)
    assert_type(await mediator.send(Plain(name="Ada")), Any)


async def the_answer_is_inferred_from_the_handler(mediator: cqrs.RequestMediator) -> None:
    assert_type(await mediator.send(Plain(name="Ada"), PlainHandler), UserCreated)
    await mediator.send(CreateUser(email="a@b.c"), PlainHandler)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


async def chunks_are_inferred(mediator: cqrs.StreamingRequestMediator) -> None:
    assert_type(mediator.stream(CreateUser(email="a@b.c")), AsyncGenerator[UserCreated, None])
    assert_type(mediator.stream(Plain(name="Ada"), PlainStream), AsyncGenerator[UserCreated, None])
    async for chunk in mediator.stream(CreateUser(email="a@b.c")):
        assert_type(chunk, UserCreated)


def bootstraps_say_what_they_build() -> None:
    assert_type(bootstrap(), cqrs.RequestMediator)
    assert_type(bootstrap_streaming(), cqrs.StreamingRequestMediator)
