# mypy: ignore-errors
# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false, reportCallIssue=false
"""The workloads with python-cqrs 5.3, by its public API: the same handlers, and the same things bound and recorded."""

import logging

import cqrs
import di
from cqrs.bootstrap import events as events_bootstrap
from cqrs.bootstrap import requests as requests_bootstrap
from cqrs.container.dependency_injector import DependencyInjectorCQRSContainer
from cqrs.handlers import CORRequestHandler
from dependency_injector import containers, providers
from di.dependent import Dependent

from benchmarks.logs import logged
from benchmarks.serving import serve

# Messages are dataclasses in this release; its base classes make them so.


class Answer(cqrs.Response):
    text: str


class Command(cqrs.Request):
    text: str


class Happened(cqrs.DomainEvent):
    text: str


ANSWER, COMMAND, HAPPENED = Answer(text="done"), Command(text="do"), Happened(text="done")


class Handler(cqrs.RequestHandler[Command, Answer]):
    async def handle(self, request):
        return ANSWER


class Recording(cqrs.RequestHandler[Command, Answer]):
    def __init__(self):
        self._events = []

    @property
    def events(self):
        return self._events

    async def handle(self, request):
        self._events.append(HAPPENED)
        return ANSWER


class Failing(cqrs.RequestHandler[Command, Answer]):
    async def handle(self, request):
        raise ConnectionError


class Clock: ...


class Repository:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Mailer: ...


class Injected(cqrs.RequestHandler[Command, Answer]):
    def __init__(self, clock: Clock, repository: Repository, mailer: Mailer) -> None:
        self.clock, self.repository, self.mailer = clock, repository, mailer

    async def handle(self, request):
        return ANSWER


class PassingOn(CORRequestHandler[Command, Answer]):
    async def handle(self, request):
        return await self.next(request)


class PassingOnToo(PassingOn): ...


class Last(CORRequestHandler[Command, Answer]):
    async def handle(self, request):
        return ANSWER


class Import(cqrs.Request):
    rows: int


class Importing(cqrs.StreamingRequestHandler[Import, Answer]):
    def clear_events(self):
        pass

    async def handle(self, request):
        for _ in range(request.rows):
            yield ANSWER


class ImportingAndRecording(cqrs.StreamingRequestHandler[Import, Answer]):
    def __init__(self):
        self._events = []

    @property
    def events(self):
        return self._events

    def clear_events(self):
        self._events.clear()

    async def handle(self, request):
        for _ in range(request.rows):
            self._events.append(HAPPENED)
            yield ANSWER


class Reaction(cqrs.EventHandler[Happened]):
    async def handle(self, event):
        pass


REACTIONS = [type(f"Reaction{number}", (Reaction,), {}) for number in range(10)]


async def passing(request, handle):
    return await handle(request)


def _bind_reactions(how_many=10):
    def bind(events):
        for reaction in REACTIONS[:how_many]:
            events.bind(Happened, reaction)

    return bind


def _sends(handler, container=None, **options):
    container = di.Container() if container is None else container
    mediator = requests_bootstrap.bootstrap(
        di_container=container, commands_mapper=lambda m: m.bind(Command, handler), **options
    )

    async def run(times):
        for _ in range(times):
            await mediator.send(COMMAND)

    return run


def _di():
    # This release enters no scope but "request", so what is kept is bound as functions that return it.
    container, clock = di.Container(), Clock()
    for thing in (clock, Repository(clock), Mailer()):
        container.bind(di.bind_by_type(Dependent(lambda thing=thing: thing, scope="request"), type(thing)))
    return container


class _Providers(containers.DeclarativeContainer):
    clock = providers.Singleton(Clock)
    repository = providers.Singleton(Repository, clock=clock)
    mailer = providers.Singleton(Mailer)
    # This release builds nothing by itself, so the handlers are made known too.
    handler = providers.Factory(Handler)
    injected = providers.Factory(Injected, clock=clock, repository=repository, mailer=mailer)


def _dependency_injector():
    container = DependencyInjectorCQRSContainer()
    container.attach_external_container(_Providers())
    return container


def _streams(handler, **options):
    mediator = requests_bootstrap.bootstrap_streaming(
        di_container=di.Container(), commands_mapper=lambda m: m.bind(Import, handler), **options
    )

    async def run(times):
        async for _ in mediator.stream(Import(rows=times)):
            pass

    return run


def _receives():
    mediator = events_bootstrap.bootstrap(di_container=di.Container(), events_mapper=_bind_reactions())

    async def run(times):
        for _ in range(times):
            await mediator.send(HAPPENED)

    return run


ENTRIES = {
    "send": _sends(Handler),
    "send with 8 middlewares": _sends(Handler, middlewares=[passing] * 8),
    "send, logged": logged(_sends(Handler)),
    "send, 3 injected": _sends(Injected),
    "send, di": _sends(Handler),
    "send, 3 kept by di": _sends(Injected, _di()),
    "send, dependency-injector": _sends(Handler, _dependency_injector()),
    "send, 3 kept by dependency-injector": _sends(Injected, _dependency_injector()),
    "chain": _sends([PassingOn, PassingOnToo, Last]),
    "fallback idle": _sends(cqrs.RequestHandlerFallback(Handler, Recording)),
    "fallback used": _sends(cqrs.RequestHandlerFallback(Failing, Handler)),
    "stream": _streams(Importing),
    "stream, 1 event": _streams(ImportingAndRecording, domain_events_mapper=_bind_reactions(1)),
    "10 event handlers": _sends(Recording, domain_events_mapper=_bind_reactions()),
    "10 at a time": _sends(
        Recording,
        domain_events_mapper=_bind_reactions(),
        max_concurrent_event_handlers=10,
        concurrent_event_handle_enable=True,
    ),
    "event mediator": _receives(),
}


def main():
    """Answer until the input ends."""
    # On import the package asks for DEBUG. A service that cares for speed takes that back, so it is timed like that.
    logging.getLogger("cqrs").setLevel(logging.NOTSET)
    serve(ENTRIES)


if __name__ == "__main__":
    main()
