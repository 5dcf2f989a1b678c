"""How a relay learns of new messages in a table."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from cqrs.errors.messages import WakeUpsUnsupported
from cqrs.wakeups.announcing import announcer
from cqrs.wakeups.notify import NotifyWakeUps
from cqrs.wakeups.protocol import LocalWakeUps, NoWakeUps

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncSession

    from cqrs.wakeups.protocol import HintedWakeUps, WakeUps

_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})


def wakeups_for(outbox: str, session: AsyncSession, model: Any, kind: str) -> WakeUps:
    """Wake-ups of ``kind`` for the table of ``model`` in the database of ``session``, which is not used.

    Raises ``WakeUpsUnsupported`` if ``outbox`` has none of this kind.
    """
    if kind == "poll":
        return NoWakeUps()
    engine = session.get_bind(model).engine
    known = announcer(engine, model.__table__.fullname)
    if engine.dialect.name == "postgresql" and kind in {"auto", "notify"}:
        return NotifyWakeUps(engine, known)
    if engine.dialect.name == "postgresql" and kind == "log":
        # Named as text: it is an adapter of another driver, which is needed by nobody who does not ask for it.
        listener: Any = resolve_name("cqrs.wakeups.postgres_log:LogWakeUps")
        found: HintedWakeUps = listener(libpq_words(engine.url), known.table, publication=known.channel)
        known.bell.add(found)
        return found
    if kind != "auto":
        raise WakeUpsUnsupported(outbox, kind)
    return LocalWakeUps(known.bell, hears_all=False)


def libpq_words(url: URL) -> dict[str, Any]:
    """The address in ``url`` in the words of libpq. What an engine is told beside its URL is not in it."""
    words = dict(url.translate_connect_args(username="user", database="dbname"))
    mode = url.query.get("sslmode") or url.query.get("ssl")
    if isinstance(mode, str) and mode in _MODES:
        words["sslmode"] = mode
    return words
