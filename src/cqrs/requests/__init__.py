"""Steps 1 and 2 of the flow: requests and their handlers.

``cqrs.requests.bootstrap`` builds a mediator for them.
"""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
    from cqrs.requests.cor_request_handler import CORRequestHandler
    from cqrs.requests.fallback import RequestHandlerFallback
    from cqrs.requests.map import RequestMap
    from cqrs.requests.request import DCRequest, IRequest, PydanticRequest, Request
    from cqrs.requests.request_handler import RequestHandler, StreamingRequestHandler

__all__ = [
    "CORRequestHandler",
    "DCRequest",
    "IRequest",
    "PydanticRequest",
    "Request",
    "RequestHandler",
    "RequestHandlerFallback",
    "RequestMap",
    "StreamingRequestHandler",
]

_NAMES_IN = {
    "cqrs.requests.cor_request_handler": ("CORRequestHandler",),
    "cqrs.requests.fallback": ("RequestHandlerFallback",),
    "cqrs.requests.map": ("RequestMap",),
    "cqrs.requests.request": ("DCRequest", "IRequest", "PydanticRequest", "Request"),
    "cqrs.requests.request_handler": ("RequestHandler", "StreamingRequestHandler"),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
