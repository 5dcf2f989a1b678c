# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import abc

import cqrs
from cqrs.requests import bootstrap


class Service(abc.ABC):
    @abc.abstractmethod
    def greet(self, name: str) -> str: ...


class ServiceImplementation(Service):
    def greet(self, name: str) -> str:
        return f"Hello, {name}"


class Greet(cqrs.Request):
    name: str


class GreetHandler(cqrs.RequestHandler[Greet, str]):
    def __init__(self, service: Service) -> None:
        self._service = service

    async def handle(self, request: Greet) -> str:
        return self._service.greet(request.name)


def commands_mapper(mapper: cqrs.RequestMap) -> None:
    mapper.bind(Greet, GreetHandler)


# --- seed ---
from dependency_injector import containers, providers
from cqrs.container.dependency_injector import DependencyInjectorCQRSContainer
class ApplicationContainer(containers.DeclarativeContainer):
    # Define your providers
    service = providers.Factory(ServiceImplementation)
# Create CQRS container adapter
cqrs_container = DependencyInjectorCQRSContainer(ApplicationContainer())
# Use with bootstrap
mediator = bootstrap.bootstrap(
    di_container=cqrs_container,
    commands_mapper=commands_mapper,
    # was: ...
)
# --- end ---
