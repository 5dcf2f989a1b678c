# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import dataclasses

import cqrs
from cqrs.requests import bootstrap


class ProcessPaymentCommand(cqrs.Request):
    amount: float
    payment_method: str


class PaymentResult(cqrs.Response):
    success: bool
    transaction_id: str | None = None


@dataclasses.dataclass(frozen=True)
class PaymentProcessedEvent(cqrs.DCDomainEvent):
    details: object


class OnPaymentProcessed(cqrs.EventHandler[PaymentProcessedEvent]):
    async def handle(self, event: PaymentProcessedEvent) -> None:
        pass


@dataclasses.dataclass
class Transaction:
    id: str


class PaymentServiceProtocol:
    async def process_credit_card(self, request: ProcessPaymentCommand) -> Transaction:
        return Transaction(f"card-{request.amount}")


class PayPalServiceProtocol:
    async def process_payment(self, request: ProcessPaymentCommand) -> Transaction:
        return Transaction(f"paypal-{request.amount}")


class DefaultPaymentHandler(cqrs.CORRequestHandler[ProcessPaymentCommand, PaymentResult]):
    async def handle(self, request: ProcessPaymentCommand) -> PaymentResult | None:
        return PaymentResult(success=False)


# --- seed ---
import typing
from cqrs.requests.cor_request_handler import CORRequestHandler
from cqrs.events.event import Event
class CreditCardPaymentHandler(CORRequestHandler[ProcessPaymentCommand, PaymentResult]):
    def __init__(self, payment_service: PaymentServiceProtocol) -> None:
        self._payment_service = payment_service
        self._events: typing.List[Event] = []
    @property
    def events(self) -> typing.List[Event]:
        return self._events
    async def handle(self, request: ProcessPaymentCommand) -> PaymentResult | None:
        if request.payment_method == "credit_card":
            # Process credit card payment
            result = await self._payment_service.process_credit_card(request)
            self._events.append(PaymentProcessedEvent(...))
            return PaymentResult(success=True, transaction_id=result.id)
        # Pass to next handler
        return await self.next(request)
class PayPalPaymentHandler(CORRequestHandler[ProcessPaymentCommand, PaymentResult]):
    def __init__(self, paypal_service: PayPalServiceProtocol) -> None:
        self._paypal_service = paypal_service
        self._events: typing.List[Event] = []
    @property
    def events(self) -> typing.List[Event]:
        return self._events
    async def handle(self, request: ProcessPaymentCommand) -> PaymentResult | None:
        if request.payment_method == "paypal":
            # Process PayPal payment
            result = await self._paypal_service.process_payment(request)
            return PaymentResult(success=True, transaction_id=result.id)
        # Pass to next handler
        return await self.next(request)
# Chain registration
def payment_mapper(mapper: cqrs.RequestMap) -> None:
    mapper.bind(ProcessPaymentCommand, [
        CreditCardPaymentHandler,
        PayPalPaymentHandler,
        DefaultPaymentHandler # Fallback handler
    ])
# --- end ---

mediator = bootstrap.bootstrap(
    commands_mapper=payment_mapper,
    domain_events_mapper=lambda m: m.bind(PaymentProcessedEvent, OnPaymentProcessed),
)
