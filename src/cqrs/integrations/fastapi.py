"""Answers over HTTP: a stream as Server-Sent Events, and errors as problems as RFC 9457 defines them.

A mediator is a dependency like any other: ``mediator: cqrs.RequestMediator = fastapi.Depends(mediator_factory)``,
which needs nothing of this module. All of it works in a plain Starlette application, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from cqrs._arguments import Needed, check, check_given, check_number
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.integrations._event_frames import to_json
from cqrs.integrations._event_stream import EventStream
from cqrs.integrations._problems import CONTENT_TYPE, Entry, Problem, ProblemTable, log

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Mapping

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["EventStream", "Problem", "install_error_handlers", "sse"]


_CHUNKS = Needed(
    "what `async for` takes, such as mediator.stream(command) of a StreamingRequestMediator: `send` makes no stream",
    ("__aiter__",),
)
_APPLICATION = Needed("a FastAPI or Starlette application", ("add_exception_handler", "build_middleware_stack"))
_TABLE = Needed("a dict of a status, a Problem or a function for each class of errors", ("items", "keys"))


def sse(
    chunks: AsyncIterable[Any],
    *,
    message: str = "Processing...",
    keep_alive: float | None = 15.0,
    encode: Callable[[dict[str, Any]], str] = to_json,
    headers: Mapping[str, str] | None = None,
) -> EventStream:
    """The response that sends ``chunks``, for example ``mediator.stream(command)``, as Server-Sent Events.

    The events are ``start``, then ``progress`` for each chunk, then ``complete`` or ``error``. The data of each is a
    JSON object whose ``type`` is the name of the event, with the ``message``, with the chunk as ``data``, or with the
    ``problem``. Another ``encode`` may write something else from the object, also on several lines.

    * An error before the first chunk is raised, and so answered with its own status. A later one is sent as ``error``,
      by the table of :func:`install_error_handlers`; an error without an entry there is logged and sent as a 500.
    * After ``keep_alive`` seconds without a chunk a comment is sent, so that no proxy closes the connection. A
      comment before the first chunk begins the response, with 200. ``None`` sends no comments.
    * When the client goes away, the handler is cancelled at once and once, and its request scope is closed before the
      response ends.
    * When the server has to stop (SIGTERM, Ctrl-C), the same happens, and the client gets ``error`` with status 503.
    * The handler goes on only when its last chunk has been taken: a slow client slows it down.
    """
    check("chunks", chunks, _CHUNKS)
    if keep_alive is not None:
        check_number("keep_alive", keep_alive, 0)
    check("encode", encode, Needed("a function that makes text of a dict", ("__call__",)))
    return EventStream(chunks, message=message, keep_alive=keep_alive, encode=encode, headers=headers or {})


def install_error_handlers(app: Starlette, errors: Mapping[type[Any], Entry] | None = None) -> None:
    """Answer ``errors``, wherever a route or a handler raises them, with a status and a body as RFC 9457 defines it.

    The value is a status, a ``Problem``, or a function that makes a ``Problem`` from the error. An entry applies to
    the subclasses of its error, too, unless they have their own. The body has the fields of the ``Problem`` and nothing
    of the error itself. Statuses of 500 and above are logged, 500 with the traceback.

    The errors of this package are in the table from the start: ``CircuitOpenError`` is a 503 with ``Retry-After``, an
    outage of a broker or database and a missing table are a 503, every other ``CQRSError`` is a 500, because it is a
    mistake in the service. Another call adds to the table. Raises ``WiringError`` with every entry that cannot work,
    and if the application has already answered requests.
    """
    check("app", app, _APPLICATION)
    check_given("errors", errors, _TABLE)
    if app.middleware_stack is not None:
        where, remedy = "install_error_handlers", "Call it where the application is made"
        raise WiringError([WiringProblem(where, "the application runs already and keeps its old handlers", remedy)])
    known = getattr(app.state, "cqrs_problems", None)
    before = known.entries if isinstance(known, ProblemTable) else {}
    table = ProblemTable({**before, **(errors or {})})

    async def answer(request: Request, error: Exception) -> Response:  # noqa: ARG001  # the signature that Starlette requires
        problem = table.find(error)
        if problem is None:
            raise error
        log(error, problem)
        headers = dict(problem.headers)
        return JSONResponse(problem.body(), problem.status, headers, media_type=CONTENT_TYPE)

    app.state.cqrs_problems = table
    for cls in table.entries:
        app.add_exception_handler(cls, answer)
