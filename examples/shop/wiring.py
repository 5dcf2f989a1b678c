"""Puts the shop together: who answers what, who reacts to what, and what everybody is given."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import cqrs
from cqrs.adapters.circuit_breaker import AioBreakerAdapter
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming
from examples.shop.commands import ImportOrders, PayOrder, PlaceOrder
from examples.shop.domain.errors import CardDeclined
from examples.shop.events import OrderPlaced, OrderSettled
from examples.shop.handlers.credit import watch_credit
from examples.shop.handlers.import_orders import ImportOrdersHandler
from examples.shop.handlers.place_order import PlaceOrderHandler
from examples.shop.handlers.queries import list_orders, show_catalogue, show_order
from examples.shop.payments.card import CardPayment, charge_at_terminal, charge_later
from examples.shop.payments.charge import ChargeCard
from examples.shop.payments.invoice import InvoicePayment
from examples.shop.payments.paypal import PayPalPayment
from examples.shop.payments.terminal import CardTerminal, TerminalDown
from examples.shop.queries import ListOrders, ShowCatalogue, ShowOrder
from examples.shop.read_model.projection import list_placed_order, list_settled_order
from examples.shop.store.database import database_in, opened

# For so many seconds the card terminal is left alone after two calls in vain.
CARD_PAUSE = 2.0


def bind_commands(commands: cqrs.RequestMap) -> None:
    """Who answers the commands."""
    commands.bind(PlaceOrder, PlaceOrderHandler)
    commands.bind(PayOrder, [CardPayment, PayPalPayment, InvoicePayment])
    commands.bind(
        ChargeCard,
        cqrs.RequestHandlerFallback(
            primary=charge_at_terminal,
            fallback=charge_later,
            failure_exceptions=(TerminalDown, TimeoutError),
            # A declined card is an answer: the terminal works.
            circuit_breaker=AioBreakerAdapter(fail_max=2, timeout_duration=CARD_PAUSE, exclude=[CardDeclined]),
        ),
    )


def bind_streams(commands: cqrs.RequestMap) -> None:
    """Who answers in chunks."""
    commands.bind(ImportOrders, ImportOrdersHandler)


def bind_queries(queries: cqrs.RequestMap) -> None:
    """Who answers the queries."""
    queries.bind(ListOrders, list_orders)
    queries.bind(ShowOrder, show_order)
    queries.bind(ShowCatalogue, show_catalogue)


def bind_events(events: cqrs.EventMap) -> None:
    """Who reacts to what happened, in this order."""
    events.bind(OrderPlaced, list_placed_order)
    events.bind(OrderPlaced, watch_credit)
    events.bind(OrderSettled, list_settled_order)


@dataclass(frozen=True)
class Shop:
    """What an entry point needs: HTTP here, a command line or a queue elsewhere."""

    database: cqrs.Database
    terminal: CardTerminal
    mediator: cqrs.RequestMediator
    streams: cqrs.StreamingRequestMediator

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Within the block the shop does business."""
        return opened(self.database)


def open_shop(path: Path) -> Shop:
    """A shop that keeps its books in the SQLite file ``path``. Raises ``WiringError`` if something does not fit."""
    database, terminal = database_in(path), CardTerminal()
    container = cqrs.Resolver()
    container.bind_instance(CardTerminal, terminal)
    container.bind(cqrs.RequestMediator, lambda: mediator)  # two handlers send requests of their own
    mediator = bootstrap(
        container,
        database=database,  # every turn is one transaction of it, and handlers are given its session
        commands_mapper=bind_commands,
        queries_mapper=bind_queries,
        domain_events_mapper=bind_events,
    )
    # Not its database: each of the orders in a file is a transaction of its own.
    streams = bootstrap_streaming(container, commands_mapper=bind_streams)
    return Shop(database, terminal, mediator, streams)
