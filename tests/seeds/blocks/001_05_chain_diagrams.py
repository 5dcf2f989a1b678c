# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import cqrs


class Pay(cqrs.Request):
    amount: float


class Paid(cqrs.Response):
    transaction_id: str


class CreditCardHandler(cqrs.CORRequestHandler[Pay, Paid]):
    async def handle(self, request: Pay) -> Paid | None:
        return await self.next(request)


class PayPalHandler(CreditCardHandler):
    pass


class DefaultHandler(CreditCardHandler):
    pass


# --- seed ---
from cqrs.requests.mermaid import CoRMermaid
# Create Mermaid generator from handler chain
handlers = [CreditCardHandler, PayPalHandler, DefaultHandler]
generator = CoRMermaid(handlers)
# Generate Sequence diagram showing execution flow
sequence_diagram = generator.sequence()
# Generate Class diagram showing type structure
class_diagram = generator.class_diagram()
# --- end ---
