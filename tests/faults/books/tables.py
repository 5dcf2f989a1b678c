"""The books. No constraint keeps a second row for the same key out: that is not the work of the tables here."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SHOP, CUSTOMERS, POINTS_BANK, POINTS_OF = 0, range(1, 7), 100, 100
"""Numbers of accounts: what is paid goes to the shop, and a customer's points are in account 100 + customer."""


class Base(DeclarativeBase):
    pass


class Account(Base):
    """Its balance is the sum of its postings, or a transaction was written by half."""

    __tablename__ = "accounts"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    balance: Mapped[int] = mapped_column(default=0)


class Posting(Base):
    __tablename__ = "postings"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), index=True)
    account: Mapped[int]
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))


class Order(Base):
    """An order of the shop."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    customer: Mapped[int]
    cents: Mapped[int]


class Heard(Base):
    """An order that the ledger has received."""

    __tablename__ = "heard"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    cents: Mapped[int]


ACCOUNTS = (SHOP, *CUSTOMERS, POINTS_BANK, *(POINTS_OF + customer for customer in CUSTOMERS))
