"""Step 3: the base class of event handlers."""

from __future__ import annotations

import abc
from typing import Any, Generic

from typing_extensions import TypeVar

from cqrs.handlers.recorder import EventRecorder

E_contra = TypeVar("E_contra", contravariant=True, default=Any)


class EventHandler(EventRecorder, abc.ABC, Generic[E_contra]):
    """Handles one type of event, of this process or from a broker.

    A new instance is built for each event, and the parameters of its constructor are injected. Events that it records
    are handled after those that were recorded before.
    """

    _cqrs_handles = "events"

    @abc.abstractmethod
    async def handle(self, event: E_contra, /) -> None:
        """Handle ``event``. An error ends the turn; see ``cqrs.events.event_processor``."""
