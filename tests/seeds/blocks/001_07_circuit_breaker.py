# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import cqrs
from cqrs.requests import bootstrap


class Reserve(cqrs.Request):
    order_id: str


class Reserved(cqrs.Response):
    reservation_id: str


attempts = []


class PrimaryHandler(cqrs.RequestHandler[Reserve, Reserved]):
    async def handle(self, request: Reserve) -> Reserved:
        attempts.append(request.order_id)
        raise RuntimeError("Service unavailable")


class FallbackHandler(cqrs.RequestHandler[Reserve, Reserved]):
    async def handle(self, request: Reserve) -> Reserved:
        return Reserved(reservation_id=f"fallback_reservation_{request.order_id}")


# The document guards a step of a saga; the same lines guard the handler of a request.
# --- seed ---
from cqrs.adapters.circuit_breaker import AioBreakerAdapter
# --- end ---
guarded = cqrs.RequestHandlerFallback(
    primary=PrimaryHandler,
    fallback=FallbackHandler,
    # --- seed ---
    circuit_breaker=AioBreakerAdapter(
        fail_max=2, # Circuit opens after 2 failures
        timeout_duration=60, # Wait 60 seconds before retry
    ),
    # --- end ---
)

mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Reserve, guarded))
