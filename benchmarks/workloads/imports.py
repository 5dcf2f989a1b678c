"""What a program pays before its first line runs."""

from __future__ import annotations

from benchmarks.workload import FreshWorkload, Target

_APPLICATION = """
import asyncio
import cqrs
from cqrs.requests import bootstrap
class Command(cqrs.Request): text: str
class Handler(cqrs.RequestHandler[Command, None]):
    async def handle(self, request): pass
mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Command, Handler))
"""
_PEER_APPLICATION = """
import asyncio
import di, cqrs
from cqrs.bootstrap import requests as bootstrap
class Command(cqrs.Request): text: str
class Handler(cqrs.RequestHandler[Command, None]):
    async def handle(self, request): pass
mediator = bootstrap.bootstrap(di_container=di.Container(), commands_mapper=lambda m: m.bind(Command, Handler))
"""
_MODEL = """
import asyncio
from pydantic import BaseModel
class Command(BaseModel): text: str
"""

WORKLOADS = (
    FreshWorkload(
        "import",
        "`import cqrs`; limit: `import pydantic`",
        ours="import cqrs",
        limit="import pydantic",
        peer="import cqrs",
        targets=(Target("limit", 1.5),),
    ),
    FreshWorkload(
        "import-message",
        "import and one request class; limit: pydantic and one model",
        ours="import cqrs\nclass Command(cqrs.Request): text: str",
        limit="import pydantic\nclass Command(pydantic.BaseModel): text: str",
        peer="import cqrs\nclass Command(cqrs.Request): text: str",
        targets=(Target("limit", 1.5),),
    ),
    FreshWorkload(
        "import-application",
        "asyncio, a request, a handler and their mediator; limit: asyncio, pydantic and one model",
        ours=_APPLICATION,
        limit=_MODEL,
        peer=_PEER_APPLICATION,
    ),
)
