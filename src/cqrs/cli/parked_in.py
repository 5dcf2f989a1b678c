"""The parked messages of one outbox, or of one consumer in an inbox, for commands; each call connects anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqrs._text import shown
from cqrs.cli.running import on_database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.assembly.database import Database
    from cqrs.cli.lines import Parked

_PAGE = 100


@dataclass(frozen=True)
class Wanted:
    """Which parked messages are meant: those with these ``ids``, and those of ``key``."""

    ids: tuple[int, ...]
    key: str | None


@dataclass(frozen=True)
class ParkedIn:
    """The inbox of ``consumer`` in the database at ``address``, or its outbox. An error ends the program."""

    address: str
    consumer: str | None
    outbox_table: str | None
    inbox_table: str | None
    schema: str | None

    @property
    def place(self) -> str:
        """Its name in a sentence."""
        return "the outbox" if self.consumer is None else f"the inbox of {shown(self.consumer)!r}"

    @property
    def database(self) -> str:
        """Its address, without the password."""
        from cqrs._sqlalchemy.connecting import shown as shown_address  # noqa: PLC0415  # slow to import
        from cqrs._sqlalchemy.connecting import url_at  # noqa: PLC0415  # as above

        return shown_address(url_at(self.address))

    def page(self, limit: int, after: int) -> Sequence[Parked]:
        """The first ``limit`` parked messages whose numbers are above ``after``."""
        found: Sequence[Parked] = self._on(lambda db: self._page(db, limit, after))
        return found

    def find(self, wanted: Wanted) -> tuple[list[Parked], list[str]]:
        """The parked messages that are ``wanted``, each once, and a text for each id or key that is not parked."""

        async def find(db: Database) -> tuple[list[Parked], list[str]]:
            found: dict[int, Parked] = {}
            missing: list[str] = []
            for id_ in dict.fromkeys(wanted.ids):
                first = await self._page(db, 1, id_ - 1)
                if first and first[0].id == id_:
                    found[id_] = first[0]
                else:
                    missing.append(str(id_))
            if wanted.key is not None:
                of_key = await self._of_key(db, wanted.key)
                found |= of_key
                missing += [] if of_key else [f"key {shown(wanted.key)!r}"]
            return [found[id_] for id_ in sorted(found)], missing

        both: tuple[list[Parked], list[str]] = self._on(find)
        return both

    def replay(self, messages: Sequence[Parked]) -> int:
        """Replay these messages; returns how many were parked."""
        return self._each("replay", messages)

    def drop(self, messages: Sequence[Parked]) -> int:
        """Drop these messages; returns how many were parked."""
        return self._each("drop", messages)

    def replay_all(self) -> int:
        """Replay all parked messages; returns their number."""

        async def replay(db: Database) -> int:
            port, consumer = self._port(db)
            return int(await port.replay(*consumer))

        return int(self._on(replay))

    def _each(self, change: str, messages: Sequence[Parked]) -> int:
        async def work(db: Database) -> int:
            port, consumer = self._port(db)
            return int(await getattr(port, change)(*consumer, *(message.id for message in messages)))

        return int(self._on(work)) if messages else 0

    async def _of_key(self, db: Database, key: str) -> dict[int, Parked]:
        found: dict[int, Parked] = {}
        last = 0
        while page := await self._page(db, _PAGE, last):
            found |= {message.id: message for message in page if message.envelope.key == key}
            last = page[-1].id
        return found

    async def _page(self, db: Database, limit: int, after: int) -> Sequence[Parked]:
        port, consumer = self._port(db)
        page: Sequence[Parked] = await port.list(*consumer, limit=limit, after=after)
        return page

    def _port(self, db: Database) -> tuple[Any, tuple[str, ...]]:
        """The port of parked messages, and the arguments that its methods take first."""
        return (db.outbox.parked, ()) if self.consumer is None else (db.inbox.parked, (self.consumer,))

    def _on(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        tables = {"outbox_table": self.outbox_table, "inbox_table": self.inbox_table}
        return on_database(self.address, work, **tables, schema=self.schema)
