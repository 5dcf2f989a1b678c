"""Steps 1 and 2 of the flow: requests, and the handlers that answer them.

``cqrs.requests.bootstrap`` builds a mediator for them.
"""

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
