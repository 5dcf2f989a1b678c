"""What the service does: a command, a query, their handlers, and the mediator that brings them together."""

from __future__ import annotations

import cqrs
from cqrs.requests.bootstrap import bootstrap

SEATS = 2


class JoinMeeting(cqrs.Request[None]):
    """Take a seat."""

    meeting_id: int
    user_id: str


class Meeting(cqrs.Response):
    """Who takes part."""

    meeting_id: int
    members: list[str]


class ReadMeeting(cqrs.Request[Meeting]):
    """Ask who takes part."""

    meeting_id: int


class MeetingIsFull(Exception):
    """There is no seat left."""


class MeetingDoesNotExist(Exception):
    """Nobody has ever joined it."""


class Meetings:
    """All meetings; in a real service, a repository over a database."""

    def __init__(self) -> None:
        self._members: dict[int, list[str]] = {}

    def join(self, meeting_id: int, user_id: str) -> None:
        """Raises ``MeetingIsFull``."""
        members = self._members.setdefault(meeting_id, [])
        if len(members) == SEATS:
            raise MeetingIsFull
        members.append(user_id)

    def members(self, meeting_id: int) -> list[str]:
        """Raises ``MeetingDoesNotExist``."""
        try:
            return self._members[meeting_id]
        except KeyError:
            raise MeetingDoesNotExist from None


class JoinMeetingHandler(cqrs.RequestHandler[JoinMeeting, None]):
    """A handler is built for each command; its parameters come from the container."""

    def __init__(self, meetings: Meetings) -> None:
        self._meetings = meetings

    async def handle(self, request: JoinMeeting) -> None:
        """Take a seat. Raises ``MeetingIsFull``."""
        self._meetings.join(request.meeting_id, request.user_id)


async def read_meeting(query: ReadMeeting, meetings: Meetings) -> Meeting:
    """A function is enough where a handler needs no more. Raises ``MeetingDoesNotExist``."""
    return Meeting(meeting_id=query.meeting_id, members=meetings.members(query.meeting_id))


def make_mediator(container: cqrs.Resolver) -> cqrs.RequestMediator:
    """Called once, at the start. Raises ``WiringError`` if something cannot work."""
    container.bind(Meetings, lifetime="singleton")
    return bootstrap(
        di_container=container,
        commands_mapper=lambda mapper: mapper.bind(JoinMeeting, JoinMeetingHandler),
        queries_mapper=lambda mapper: mapper.bind(ReadMeeting, read_meeting),
    )
