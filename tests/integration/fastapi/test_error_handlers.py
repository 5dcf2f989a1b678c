"""Errors of handlers and of this package, as HTTP clients see them."""

from __future__ import annotations

import logging
from typing import Any

import fastapi
import httpx
import pydantic
import pytest
from starlette.applications import Starlette

import cqrs
from cqrs.errors import (
    BrokerUnavailable,
    CircuitOpenError,
    DatabaseUnavailable,
    DependencyError,
    MigrationNeeded,
    RequestHandlerDoesNotExist,
    WiringError,
)
from cqrs.integrations.fastapi import Problem, install_error_handlers
from cqrs.requests.bootstrap import bootstrap


class SoldOut(Exception):
    def __init__(self, sku: str) -> None:
        self.sku = sku
        super().__init__(f"shelf 12 has no {sku}")


class SoldOutForever(SoldOut):
    pass


class Forbidden(Exception):
    pass


class Order(cqrs.Request):
    quantity: pydantic.PositiveInt = 1


async def answer(error: Exception, errors: Any = None) -> httpx.Response:
    """What a client gets when `error` is raised by the handler of a command that a route sends."""

    async def fail(request: Order) -> None:
        raise error

    mediator = bootstrap(commands_mapper=lambda m: m.bind(Order, fail))
    app = fastapi.FastAPI()
    install_error_handlers(app, errors)

    @app.post("/orders")
    async def order() -> None:
        await mediator.send(Order())

    return await post(app)


async def post(app: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        return await client.post("/orders")


@pytest.mark.parametrize(
    ("entry", "body"),
    [
        (409, {"type": "about:blank", "title": "Conflict", "status": 409}),
        (Problem(409, "Sold out"), {"type": "about:blank", "title": "Sold out", "status": 409}),
        (
            lambda error: Problem(
                409, "Sold out", f"There is no {error.sku} left.", "https://shop.test/sold-out", {"sku": error.sku}
            ),
            {
                "type": "https://shop.test/sold-out",
                "title": "Sold out",
                "status": 409,
                "detail": "There is no tea left.",
                "sku": "tea",
            },
        ),
        (499, {"type": "about:blank", "title": "Error", "status": 499}),
    ],
    ids=["status", "problem", "function", "status without a name"],
)
async def test_business_error_gets_the_status_and_the_body_of_its_entry(entry: Any, body: dict[str, Any]) -> None:
    response = await answer(SoldOut("tea"), {SoldOut: entry})
    assert response.status_code == body["status"]
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == body


async def test_entry_is_meant_for_subclasses_unless_they_have_their_own() -> None:
    assert (await answer(SoldOutForever("tea"), {SoldOut: 409})).status_code == 409
    assert (await answer(SoldOutForever("tea"), {SoldOut: 409, SoldOutForever: 410})).status_code == 410


async def test_open_circuit_raises_the_time_to_retry_after() -> None:
    response = await answer(CircuitOpenError("app.payments.PayByCard", retry_after=2.1))
    assert (response.status_code, response.headers["retry-after"]) == (503, "3")
    assert response.json() == {"type": "about:blank", "title": "Service Unavailable", "status": 503}


async def test_open_circuit_without_a_known_end_names_none() -> None:
    response = await answer(CircuitOpenError("app.payments.PayByCard"))
    assert response.status_code == 503
    assert "retry-after" not in response.headers


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BrokerUnavailable("Kafka at kafka:9092", "no answer"), "Kafka at kafka:9092 is not available (no answer)"),
        (DatabaseUnavailable("postgresql://db/shop", OSError("refused")), "No connection to postgresql://db/shop"),
        (MigrationNeeded("outbox", "sqlite:///shop.db", "python -m cqrs db upgrade"), "`python -m cqrs db upgrade`"),
    ],
)
async def test_an_unreachable_server_or_missing_table_is_answered_with_503_and_the_log_names_the_remedy(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = await answer(error)
    assert response.status_code == 503
    assert response.json() == {"type": "about:blank", "title": "Service Unavailable", "status": 503}
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert told in record.getMessage()


@pytest.mark.parametrize("error", [RequestHandlerDoesNotExist(Order), DependencyError(Order, (), "no", "do")])
async def test_mistake_in_the_service_is_an_internal_server_error_and_logged(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    response = await answer(error)
    assert response.status_code == 500
    assert response.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.exc_info is not None


async def test_request_that_nothing_is_bound_for_is_an_internal_server_error() -> None:
    mediator = bootstrap()
    app = fastapi.FastAPI()
    install_error_handlers(app)

    @app.post("/orders")
    async def order() -> None:
        await mediator.send(Order())

    response = await post(app)
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "Order" not in response.text


async def test_error_that_is_the_clients_fault_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    await answer(SoldOut("tea"), {SoldOut: 409})
    assert not [record for record in caplog.records if record.name == "cqrs" and record.levelno > logging.INFO]


async def test_validation_error_of_a_handler_is_the_services_fault_by_default() -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        Order(quantity=-1)
    assert (await answer(raised.value)).status_code == 500
    assert (await answer(raised.value, {pydantic.ValidationError: 422})).status_code == 422


async def test_error_without_an_entry_is_left_to_the_application() -> None:
    response = await answer(SoldOut("tea"), {Forbidden: 403})
    assert (response.status_code, response.text) == (500, "Internal Server Error")


async def test_entries_of_further_calls_are_added() -> None:
    app = Starlette()
    install_error_handlers(app, {SoldOut: 409, Forbidden: 403})
    install_error_handlers(app, {Forbidden: 404})

    async def order(request: Any) -> Any:
        raise {"1": SoldOut("tea"), "2": Forbidden()}[request.query_params["n"]]

    app.add_route("/orders", order)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as client:
        assert [(await client.get(f"/orders?n={n}")).status_code for n in "12"] == [409, 404]


def test_every_entry_that_cannot_work_is_reported_at_once() -> None:
    wrong: Any = {SoldOut: 200, Forbidden: Problem(99), "SoldOut": 409, int: 400, KeyError: "404"}
    with pytest.raises(WiringError) as raised:
        install_error_handlers(fastapi.FastAPI(), wrong)
    assert [problem.subject for problem in raised.value.problems] == [
        "install_error_handlers, SoldOut",
        "install_error_handlers, Forbidden",
        "install_error_handlers, SoldOut",
        "install_error_handlers, int",
        "install_error_handlers, KeyError",
    ]


async def test_it_is_too_late_when_the_application_has_answered() -> None:
    app = fastapi.FastAPI()
    await post(app)
    with pytest.raises(WiringError, match="runs already"):
        install_error_handlers(app, {SoldOut: 409})
