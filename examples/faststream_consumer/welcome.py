"""What the service does: a handler that sends a mail to each new user, and the mediator that brings it the events."""

from __future__ import annotations

import pydantic

import cqrs
from cqrs.events.bootstrap import bootstrap


class UserCreated(pydantic.BaseModel):
    """What another service tells about a new user."""

    user_id: str


UserCreatedEvent = cqrs.NotificationEvent[UserCreated]


class MailServer:
    """Is away at first."""

    def __init__(self) -> None:
        self._away = True

    def send(self, user_id: str, text: str) -> None:
        """Raises ``ConnectionError``."""
        if self._away:
            self._away = False
            raise ConnectionError
        print(f"a mail to {user_id}: {text}")


class WelcomeUser(cqrs.EventHandler[cqrs.NotificationEvent[UserCreated]]):
    """May see an event twice, as every consumer of Kafka: a second mail does no harm."""

    def __init__(self, mail: MailServer) -> None:
        self._mail = mail

    async def handle(self, event: UserCreatedEvent) -> None:
        """Send the mail. Raises ``ConnectionError``."""
        try:
            self._mail.send(event.payload.user_id, "welcome!")
        except ConnectionError:
            print(f"the mail server is away: the event of {event.payload.user_id} will come again")
            raise


def make_mediator() -> cqrs.EventMediator:
    """Called once. Raises ``WiringError`` if something cannot work."""
    container = cqrs.Resolver()
    container.bind(MailServer, lifetime="singleton")
    return bootstrap(
        di_container=container,
        events_mapper=lambda mapper: mapper.bind(UserCreatedEvent, WelcomeUser),
    )
