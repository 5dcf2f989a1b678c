"""Recognises the session classes of SQLAlchemy by name, so that it need not be installed."""

from __future__ import annotations

from typing import Any

from cqrs._introspection.generics import runtime_class, type_name

_ASYNC = {"AsyncSession"}
_SESSIONS = {*_ASYNC, "Session", "async_scoped_session", "scoped_session"}
_MAKERS = {"async_sessionmaker", "sessionmaker"}
_DATABASES = {*_MAKERS, "AsyncEngine", "Engine", "AsyncConnection", "Connection"}


def session_class(type_: Any) -> type | None:
    """Return the session class that ``type_`` stands for, or ``None`` if it stands for something else."""
    cls = runtime_class(getattr(type_, "__supertype__", type_))
    return cls if cls is not None and _one_of(cls, _SESSIONS) else None


def is_async_session(cls: type) -> bool:
    """Whether ``cls`` is ``AsyncSession`` or derives from it."""
    return _one_of(cls, _ASYNC)


def makes_sessions(factory: Any) -> bool:
    """Whether calling ``factory`` makes a new session: it is a session class, a sessionmaker, or a method of one."""
    if isinstance(factory, type):
        return session_class(factory) is not None
    owner: object = getattr(factory, "__self__", None)
    return any(_one_of(cls, _MAKERS | _SESSIONS) for cls in (class_of(factory), class_of(owner)))


def leads_to_sessions(type_: Any) -> bool:
    """Whether a function that takes a ``type_`` can make sessions with it: it is a sessionmaker or an engine."""
    cls = runtime_class(type_)
    return cls is not None and _one_of(cls, _DATABASES)


def class_of(value: object) -> type:
    """Return the class of ``value``; for a session proxy of the open transaction, the session class it stands for."""
    mro = type(value).__mro__
    return next((mro[n + 1] for n, cls in enumerate(mro) if _is_ours(cls)), type(value))


def is_of_the_transaction(value: object) -> bool:
    """Whether ``value`` is a proxy that always leads to the session of the open transaction."""
    return any(_is_ours(cls) for cls in type(value).__mro__)


def unbound_session(cls: type, how: str) -> tuple[str, str]:
    """Return problem and remedy for a session class that is not bound; ``how`` completes the remedy for a container."""
    name = type_name(cls)
    problem = (
        f"nothing is bound for {name}, and one that is made here would have no engine and share its work with nothing"
    )
    if not is_async_session(cls):
        return problem, f"Ask for an AsyncSession, and pass database=db, a cqrs.Database, to the bootstrap{how}"
    if not cls.__module__.startswith("sqlalchemy."):
        database = f"db, a cqrs.Database(async_sessionmaker(engine, class_={name}))"
        return problem, f"Pass database={database}, to the bootstrap{how}"
    return problem, f"Pass database=db, a cqrs.Database, to the bootstrap{how}"


def _is_ours(cls: type) -> bool:
    return f"{cls.__module__}.{cls.__qualname__}" == "cqrs.unit_of_work.sqlalchemy.session.SessionOfTheTransaction"


def _one_of(cls: type, names: set[str]) -> bool:
    return any(c.__name__ in names and c.__module__.partition(".")[0] == "sqlalchemy" for c in cls.__mro__)
