"""The table of an outbox, as a mixin for any metadata and as models of our own."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  # SQLAlchemy reads the annotations
import uuid  # noqa: TC003  # as above
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Index, Integer, SmallInteger, String, Text, literal_column, text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from cqrs._sqlalchemy.clock import database_now
from cqrs._sqlalchemy.dialects import EXACT_TEXT
from cqrs._sqlalchemy.missing_tables import is_ours
from cqrs._sqlalchemy.types import BinaryUUID, LargeBytes, RowId, UtcDateTime
from cqrs.migrations.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table


class OutboxModelMixin:
    """The columns and the index of an outbox, for a model in a metadata of yours: give it ``__tablename__``.

    ``pending`` is 1 while a message is to be sent, 0 while it is parked or set aside behind one that is, and NULL when
    it is not to be sent any more. Polls go through indexes that hold no row that was sent (on MariaDB: hold these
    apart), so sent rows cost them nothing.
    """

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    message_id: Mapped[uuid.UUID] = mapped_column(BinaryUUID)
    event_name: Mapped[str] = mapped_column(String(255))
    event_version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    topic: Mapped[str] = mapped_column(String(255))
    message_key: Mapped[str | None] = mapped_column(String(255))
    partition_no: Mapped[int] = mapped_column(SmallInteger)
    content_type: Mapped[str] = mapped_column(String(100))
    compression: Mapped[str | None] = mapped_column(String(32))
    headers: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBytes)
    status: Mapped[str] = mapped_column(String(16), server_default=text("'new'"))
    pending: Mapped[int | None] = mapped_column(SmallInteger, server_default=text("1"))
    due_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, server_default=database_now())
    settled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    parked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column(Text)
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    __mapper_args__: Any = {"eager_defaults": False}  # noqa: RUF012  # the name is SQLAlchemy's; rows are not read back

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        # Not `pending = 1`: PostgreSQL would not search by a column whose value the condition of the index fixes,
        # and walk through the whole index.
        unsent: ColumnElement[Any] = literal_column("pending IS NOT NULL")
        table: str = getattr(cls, "__tablename__", "outbox")
        held: ColumnElement[Any] = literal_column("lease_until IS NOT NULL")
        scheduled: ColumnElement[Any] = literal_column("due_at IS NOT NULL")
        ended: ColumnElement[Any] = literal_column("settled_at IS NOT NULL")
        return (
            Index(f"ix_{table}_pending", "pending", "due_at", "id", postgresql_where=unsent, sqlite_where=unsent),
            Index(
                f"ix_{table}_partition",
                *("pending", "partition_no", "due_at", "id"),
                postgresql_where=unsent,
                sqlite_where=unsent,
            ),
            Index(f"ix_{table}_held", "message_key", "lease_until", postgresql_where=held, sqlite_where=held),
            Index(f"ix_{table}_scheduled", "message_id", postgresql_where=scheduled, sqlite_where=scheduled),
            Index(f"ix_{table}_ended", "settled_at", postgresql_where=ended, sqlite_where=ended),
            {"sqlite_autoincrement": True, **EXACT_TEXT},
        )


_models: dict[str, type[Any]] = {}
_rebound: dict[type[Any], type[Any]] = {}


def outbox_model(table_name: str | None = None) -> type[Any]:
    """The model of the outbox in ``table_name``: by default what ``OUTBOX_SQLA_TABLE`` names now, else ``outbox``.

    The same for each call with one name. Its metadata holds this table only.
    """
    name = table_name or SUBJECTS["outbox"].default_table
    if name not in _models:
        base = type("Base", (DeclarativeBase,), {})
        _models[name] = type("OutboxModel", (OutboxModelMixin, base), {"__tablename__": name})
        known_as_ours(_models[name])
    return _rebound.get(_models[name], _models[name])


def known_as_ours(model: type[Any]) -> None:
    """Let errors about a missing table of ``model`` name the command that makes it."""
    is_ours(model.__table__, option=SUBJECTS["outbox"].option(model.__table__.name))


def rebind_outbox_model(model: type[Any], new_base: type[Any], table_name: str | None = None) -> type[Any]:
    """A model like ``model`` in the metadata of ``new_base``, in ``table_name`` or a table of the same name.

    From now on it is used wherever ``model`` would have been.
    """
    name: str = table_name or model.__tablename__
    rebound = type(model.__name__, (OutboxModelMixin, new_base), {"__tablename__": name})
    _rebound[model] = rebound
    known_as_ours(rebound)
    return rebound


def migrated_tables(name: str | None) -> Sequence[Table]:
    """The table of the outbox that is called ``name``, or the default one, for the registry of migrations."""
    model = outbox_model(name)
    return (model.metadata.tables[name or model.__tablename__],)
