"""Which messages of a batch are sent together. The order within each key is always kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cqrs.workers.relay.messages import M, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


def first_of_each_key(messages: Sequence[M]) -> list[M]:
    """The first message of each key, and each message without a key."""
    firsts: dict[object, M] = {}
    for message in messages:
        key = key_of(message)
        firsts.setdefault(message.id if key is None else key, message)
    return list(firsts.values())


def end_with_own_keys(messages: Sequence[M], most: int) -> Sequence[M]:
    """At most ``most`` messages from the end, none of which has a key of the messages before them."""
    if not most:
        return ()
    start = len(messages)
    count_of = Counter(key_of(message) for message in messages)
    while start and len(messages) - start < most:
        key = key_of(messages[start - 1])
        if key is not None and count_of[key] > 1:
            break
        start -= 1
    return messages[start:]


def part_suspects(messages: Sequence[M], suspects: Collection[object]) -> tuple[Sequence[M], Sequence[M]]:
    """The messages that can be sent together, and those to be sent apart: suspects and what comes before them.

    A suspect was at fault before, or its id is in ``suspects``. Messages that come after one of their key are in
    neither part.
    """
    suspect_ids = {m.id for m in messages if m.attempts or m.id in suspects}
    if not suspect_ids:
        return messages, ()
    keys = {key_of(message) for message in messages if message.id in suspect_ids} - {None}
    ready: list[M] = []
    apart: list[M] = []
    stopped: set[str] = set()
    for message in messages:
        key = key_of(message)
        if message.id in suspect_ids:
            apart.append(message)
            stopped.update(() if key is None else (key,))
        elif key not in keys:
            ready.append(message)
        elif key not in stopped:
            apart.append(message)
    return ready, apart


def different_topics(messages: list[M], count: int, turn: int, is_suspect: Callable[[M], bool]) -> list[M]:
    """``count`` of ``messages``, other ones each ``turn``: first one of each topic, and unsuspected ones first."""
    start = turn * count % max(1, len(messages))
    rotated = [*messages[start:], *messages[:start]]
    topics: set[str] = set()
    ranks: dict[object, tuple[bool, bool]] = {}
    for message in rotated:
        topic = message.envelope.topic
        ranks[message.id] = (is_suspect(message), topic in topics)
        topics.add(topic)
    return sorted(rotated, key=lambda message: ranks[message.id])[:count]
