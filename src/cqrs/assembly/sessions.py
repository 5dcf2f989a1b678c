"""Assembly: binds the session of a database in containers, and reports bindings of other sessions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_name, type_names
from cqrs.container.checked import JudgedInjector
from cqrs.container.origin import called_in, shown
from cqrs.container.resolver import Resolver
from cqrs.container.session_types import (
    class_of,
    is_async_session,
    is_of_the_transaction,
    leads_to_sessions,
    makes_sessions,
    session_class,
)
from cqrs.errors.wiring import WiringProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqrs.container.adopt import Injector
    from cqrs.container.origin import Origin, Origins
    from cqrs.outbox.database import OutboxDatabase

_IN_MEMORY = (
    "Pass database=cqrs.Database(...), or let the handler ask for a port of yours and bind an implementation that "
    "writes to memory"
)


def give_session(injector: Injector, database: OutboxDatabase) -> Injector:
    """Bind the session of ``database`` in ``injector``, and return an injector whose check reports other sessions.

    It is bound in a default resolver that has no binding for the classes of the session. In a hand-written container it
    is neither bound nor checked: that has to provide ``database.session`` itself.
    """
    given: Any = getattr(database, "session_class", None)
    if given is not None and isinstance(injector, Resolver):
        for cls in filter(is_async_session, given.__mro__):
            if not injector.provides(cls):
                injector.bind_instance(cls, database.session)
    return JudgedInjector(injector, partial(_foreign_sessions, database))


def _foreign_sessions(database: OutboxDatabase, origins: Origins) -> Iterator[WiringProblem]:
    """Yield a problem for each binding of a session that is outside of the turn's transaction, with a path to it."""
    seen: set[tuple[Any, str, int]] = set()
    for path, origin in origins:
        asked = session_class(path[-1])
        key = (asked, origin.binding, id(origin.given))
        if key in seen or (asked is None and not _gives_a_session(origin)):
            continue
        seen.add(key)
        wrong = _problem_with_session(asked, origin, database)
        if wrong is not None:
            yield WiringProblem(" → ".join(type_names(*path)), *wrong)


def _gives_a_session(origin: Origin) -> bool:
    """Whether ``origin`` makes a session although another type is asked for, such as a protocol."""
    if origin.made == "value":
        return session_class(class_of(origin.given)) is not None
    return origin.made in {"class", "function"} and makes_sessions(called_in(origin.given))


def _problem_with_session(asked: type | None, origin: Origin, database: OutboxDatabase) -> tuple[str, str] | None:
    if not hasattr(database, "session_class"):
        return f"{database.name} has no SQLAlchemy session", _IN_MEMORY
    fits = asked is None or isinstance(database.session, asked)
    if origin.made == "value" and is_of_the_transaction(origin.given):
        return _foreign_session(origin, database) if fits else None  # else another database is meant
    given = _what_is_injected(asked, origin)
    if given is None:
        return None
    if origin.made != "nothing":
        given = f"{given}: what is written through it is not part of the turn's transaction of {database.name}"
    return given, _remedy(asked, origin, fits=fits)


def _foreign_session(origin: Origin, database: OutboxDatabase) -> tuple[str, str] | None:
    source: Any = origin.given.source
    if origin.given is database.session or (source.place is not None and source.place == database.place):
        return None
    problem = f"{origin.binding}, or another bootstrap with a database=, has bound the session of {source.name}"
    return f"{problem}: the transactions of this mediator are those of {database.name}", _type_for_each(origin)


def _what_is_injected(asked: type | None, origin: Origin) -> str | None:
    """Return a text for what ``origin`` makes in place of the right session; ``None`` if that is not known."""
    name, given = shown(origin.given), None
    if origin.made == "nothing":
        return f"nothing is bound for {type_name(asked)}"
    if origin.made == "value":
        given = f"one {type_name(class_of(origin.given))} to every turn"
    elif origin.made == "generator":
        given = f"a session that {name} opens and closes"
    elif origin.made == "class" or makes_sessions(called_in(origin.given)):
        given = "a session of its own"
    elif tools := [type_name(need) for need in origin.needs if leads_to_sessions(need)]:
        given = f"a session that {name} makes with its {tools[0]}"
    return None if given is None else f"{origin.binding} gives {given}"


def _remedy(asked: type | None, origin: Origin, *, fits: bool) -> str:
    name = "AsyncSession" if asked is None else type_name(asked)
    if fits:
        return f"Bind the session that is always the open transaction's: {origin.how_to_bind(name, 'db.session')}"
    if asked is not None and is_async_session(asked):
        database = f"db = cqrs.Database(async_sessionmaker(engine, class_={name}))"
        bound = origin.how_to_bind(name, "db.session")
        return f"Let the database make sessions of that class, {database}, and bind {bound}"
    bound = origin.how_to_bind("AsyncSession", "db.session")
    return f"Ask for an AsyncSession and bind {bound}; synchronous code runs in `await session.run_sync(a_function)`"


def _type_for_each(origin: Origin) -> str:
    return (
        "Give the second database's session a type of its own, `class BillingSession(AsyncSession): ...`, made by "
        "`billing = cqrs.Database(async_sessionmaker(engine, class_=BillingSession))`, and ask for that: "
        f"`{origin.how_to_bind('BillingSession', 'billing.session')}`; or ask for none and write "
        "`async with billing.transaction() as session:`"
    )
