# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
# --- seed ---
import cqrs
from cqrs.requests.cor_request_handler import CORRequestHandler
class PayCmd(cqrs.Request):
    amount: float
    method: str
    user_id: str
class PayResult(cqrs.Response):
    ok: bool
    msg: str = ""
class CardHandler(CORRequestHandler[PayCmd, PayResult]):
    @property
    def events(self) -> list[cqrs.Event]:
        return []
    async def handle(self, request: PayCmd) -> PayResult | None:
        if request.method == "card":
            return PayResult(ok=True, msg="card")
        return await self.next(request) # delegate down the chain
class DefaultPay(CORRequestHandler[PayCmd, PayResult]):
    @property
    def events(self) -> list[cqrs.Event]:
        return []
    async def handle(self, request: PayCmd) -> PayResult | None:
        return PayResult(ok=False, msg=f"unsupported: {request.method}")
# --- end ---

from cqrs.requests import bootstrap

mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(PayCmd, [CardHandler, DefaultPay]))
