"""How a relay learns of new messages in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs.errors.messages import WakeUpsUnsupported
from cqrs.wakeups.announcing import announcer
from cqrs.wakeups.local import LocalWakeUps
from cqrs.wakeups.notify import NotifyWakeUps
from cqrs.wakeups.protocol import NoWakeUps

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from cqrs.wakeups.protocol import WakeUps


def wakeups_for(outbox: str, session: AsyncSession, model: Any, kind: str) -> WakeUps:
    """Wake-ups of ``kind`` for the table of ``model`` in the database of ``session``, which is not used.

    Raises ``WakeUpsUnsupported`` if ``outbox`` has none of this kind.
    """
    if kind == "poll":
        return NoWakeUps()
    engine = session.get_bind(model).engine
    known = announcer(engine, model.__table__.fullname)
    if kind in {"auto", "notify"} and capabilities_of(engine.dialect).has_notify:
        return NotifyWakeUps(engine, known)
    if kind != "auto":
        raise WakeUpsUnsupported(outbox, kind)
    return LocalWakeUps(known.bell, single_process=False)
