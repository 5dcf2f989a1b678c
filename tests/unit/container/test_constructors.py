"""What the default resolver makes of constructors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, NamedTuple, NewType, Protocol, Self, TypeVar

import attrs
import msgspec
import pydantic
import pytest

from cqrs.container.resolver import Resolver
from tests.unit.container.parts import Clock, Mail

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")


async def made(type_: Any) -> Any:
    async with Resolver().scope() as scope:
        return await scope.resolve(type_)


# Classes


async def test_constructor_gets_what_its_annotations_name() -> None:
    mail = await made(Mail)
    assert isinstance(mail.clock, Clock)


async def test_class_without_constructor_is_called() -> None:
    assert isinstance(await made(Clock), Clock)


@dataclass
class Plain:
    clock: Clock
    retries: int = 3


@attrs.define
class Attrs:
    clock: Clock
    retries: int = 3


class Struct(msgspec.Struct):
    clock: Clock
    retries: int = 3


class Tuple(NamedTuple):
    clock: Clock
    retries: int = 3


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    clock: Clock
    retries: int = 3


@pytest.mark.parametrize("cls", [Plain, Attrs, Struct, Tuple, Model])
async def test_generated_constructors_are_read(cls: type) -> None:
    it = await made(cls)
    assert isinstance(it.clock, Clock)
    assert it.retries == 3


class Once:
    """A constructor beside a ``__new__`` that takes anything."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        del args, kwargs
        return super().__new__(cls)

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


async def test_constructor_counts_and_not_a_new_that_takes_anything() -> None:
    assert isinstance((await made(Once)).clock, Clock)


class Speaks(Protocol):
    def speak(self) -> str: ...


class Dog(Speaks):
    def speak(self) -> str:
        return "wow"


async def test_class_derived_from_a_protocol_is_built() -> None:
    assert (await made(Dog)).speak() == "wow"


# Parameters


class Keyword:
    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock


class Positional:
    def __init__(self, clock: Clock, /, mail: Mail) -> None:
        self.clock, self.mail = clock, mail


class Variadic:
    def __init__(self, clock: Clock, *rest: Clock, **more: Clock) -> None:
        self.given = (clock, rest, more)


@pytest.mark.parametrize("cls", [Keyword, Positional])
async def test_every_kind_of_parameter_is_filled(cls: type) -> None:
    assert isinstance((await made(cls)).clock, Clock)
    construct = Resolver().constructor(cls)
    assert construct is not None
    assert isinstance(construct().clock, Clock)


async def test_variadic_parameters_stay_empty() -> None:
    assert (await made(Variadic)).given[1:] == ((), {})


class Gaps:
    """What is left out and what is filled in alternate."""

    def __init__(
        self, first: Any = 1, clock: Clock | None = None, text: str = "x", mail: Mail | None = None, *, last: int = 0
    ) -> None:
        self.given = (first, clock, text, mail, last)


async def test_parameters_with_a_default_are_filled_if_their_type_was_bound() -> None:
    assert (await made(Gaps)).given == (1, None, "x", None, 0)
    resolver = Resolver()
    resolver.bind(Mail)
    resolver.bind_instance(Clock, clock := Clock())
    async with resolver.scope() as scope:
        gaps = await scope.resolve(Gaps)
    assert gaps.given[:3] == (1, clock, "x")
    assert gaps.given[3].clock is clock
    construct = resolver.constructor(Gaps)
    assert construct is not None
    assert construct().given[1] is clock


class PositionalGap:
    def __init__(self, text: str = "x", clock: Clock | None = None, /) -> None:
        self.given = (text, clock)


async def test_positional_parameter_after_one_that_is_left_out_keeps_its_default() -> None:
    resolver = Resolver()
    resolver.bind(Clock)
    assert (await resolver.resolve(PositionalGap)).given == ("x", None)


class Unannotated:
    def __init__(self, clock=None, *, mail: Mail) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # that is the case
        self.given = (clock, mail)


async def test_parameter_without_annotation_keeps_its_default() -> None:
    assert (await made(Unannotated)).given[0] is None


class UnreadableDefault:
    def __init__(self, clock: Clock, fee: Decimal | None = None) -> None:
        self.given = (clock, fee)


async def test_default_is_kept_where_the_annotation_cannot_be_read() -> None:
    assert (await made(UnreadableDefault)).given[1] is None


class Optional:
    def __init__(self, clock: Clock | None) -> None:
        self.clock = clock


async def test_optional_annotation_without_default_means_the_type() -> None:
    assert isinstance((await made(Optional)).clock, Clock)


# Generic classes


class Repository(Generic[T]):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Order:
    pass


class Cache(Generic[T]):
    def __init__(self, repository: Repository[T], one: T) -> None:
        self.repository, self.one = repository, one


class Orders(Cache[Order]):
    pass


class NeedsOrders:
    def __init__(self, orders: Repository[Order]) -> None:
        self.orders = orders


async def test_generic_alias_is_built_by_its_class() -> None:
    assert isinstance((await made(NeedsOrders)).orders, Repository)


async def test_generic_alias_can_be_bound() -> None:
    class SqlOrders(Repository[Order]):
        pass

    resolver = Resolver()
    resolver.bind(Repository[Order], SqlOrders)
    assert isinstance((await resolver.resolve(NeedsOrders)).orders, SqlOrders)


async def test_binding_of_the_class_to_something_else_serves_its_aliases() -> None:
    class AnyRows(Repository[T]):
        pass

    resolver = Resolver()
    resolver.bind(Repository, AnyRows, lifetime="singleton")
    shared = await resolver.resolve(Repository)
    assert (await resolver.resolve(NeedsOrders)).orders is shared


@pytest.mark.parametrize("type_", [Cache[Order], Orders])
async def test_type_variables_mean_what_they_were_filled_with(type_: Any) -> None:
    cache = await made(type_)
    assert isinstance(cache.one, Order)
    assert isinstance(cache.repository, Repository)


# Other keys

Dsn = NewType("Dsn", str)


class Database:
    def __init__(self, dsn: Dsn, replica: Annotated[str, "replica"], clock: Annotated[Clock, ["not hashable"]]) -> None:
        self.given = (dsn, replica, clock)


async def test_new_types_and_annotated_types_can_be_bound() -> None:
    resolver = Resolver()
    resolver.bind_instance(Dsn, "postgresql://primary")
    resolver.bind_instance(Annotated[str, "replica"], "postgresql://replica")
    database = await resolver.resolve(Database)
    assert database.given[:2] == ("postgresql://primary", "postgresql://replica")
    assert isinstance(database.given[2], Clock)


class AnnotatedClock:
    def __init__(self, clock: Annotated[Clock, "of the wall"]) -> None:
        self.clock = clock


async def test_annotated_means_its_type_unless_it_was_bound_itself() -> None:
    resolver = Resolver()
    resolver.bind_instance(Clock, clock := Clock())
    assert (await resolver.resolve(AnnotatedClock)).clock is clock
