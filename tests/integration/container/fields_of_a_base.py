"""The module of a base class whose annotations are written as text."""

from __future__ import annotations

from dataclasses import dataclass


class Store:
    place = "base"


class OnlyHere:
    place = "only in the base"


@dataclass
class Base:
    store: Store
    only: OnlyHere


@dataclass
class Service:
    store: Store
