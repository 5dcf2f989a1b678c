"""When a failure counts against a message whose topic may be away."""

from __future__ import annotations

import dataclasses
import json
import uuid
from typing import TYPE_CHECKING

from cqrs.envelope import Envelope
from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.protocol import MessageBroker
from cqrs.workers.relay.policy import RelayPolicy
from cqrs.workers.relay.sending import MessageSender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.message_brokers.protocol import Message

LOST = BrokerUnavailable("broker", "the connection was lost")
POLICY = RelayPolicy(attempts=3)


@dataclasses.dataclass(frozen=True)
class Letter:
    id: int
    topic: str
    attempts: int = 0

    @property
    def envelope(self) -> Envelope:
        body = json.dumps(self.id).encode()
        return Envelope(message_id=uuid.UUID(int=self.id), name="letter", topic=self.topic, body=body)


class Broker(MessageBroker):
    """Does not reach the messages whose numbers are in ``away``."""

    def __init__(self, *away: int) -> None:
        self.away = set(away)
        self.leave_after: int | None = None

    async def send_message(self, message: Message) -> None:
        raise NotImplementedError

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        if self.leave_after is not None:
            number_left, self.leave_after = self.leave_after, 0
            return [LOST if n % 2 or n >= number_left else None for n, _ in enumerate(envelopes)]
        gone = BrokerUnavailable("broker", "no queue")
        return [gone if json.loads(envelope.body) in self.away else None for envelope in envelopes]


async def counting_faults(broker: Broker, rounds: int, *letters: Letter) -> list[bool]:
    """Whether each fault that is found in so many rounds counts against its message."""
    sender: MessageSender[Letter] = MessageSender(broker, POLICY)
    found: list[bool] = []
    for _ in range(rounds):
        result = await sender.send(letters, lambda _: 30.0)
        found += [fault.counts for fault in result.at_fault]
    return found


async def test_a_message_whose_topic_is_away_is_at_fault_and_it_never_counts() -> None:
    letters = (Letter(1, "away", attempts=5), Letter(2, "there"), Letter(3, "there"))
    found = await counting_faults(Broker(1), 6, *letters)
    assert found
    assert not any(found)


async def test_a_message_that_fails_beside_others_of_its_topic_counts_in_the_end() -> None:
    letters = (Letter(1, "there", attempts=5), Letter(2, "there"), Letter(3, "there"))
    assert (await counting_faults(Broker(1), 6, *letters))[:5] == [False, False, False, True, True]


async def test_nothing_is_held_against_messages_that_an_outage_cut_off_among_others_that_left() -> None:
    broker = Broker()
    broker.leave_after = 90  # of 100, every other one has left before the connection was lost
    letters = [Letter(n, "there") for n in range(100)]
    sender: MessageSender[Letter] = MessageSender(broker, POLICY)
    result = await sender.send(letters, lambda _: 30.0)
    assert len(result.sent) == 45
    assert (result.at_fault, result.outage) == ([], LOST)
