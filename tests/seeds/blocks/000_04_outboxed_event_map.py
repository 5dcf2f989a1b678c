# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
# --- seed ---
import cqrs
from pydantic import BaseModel
class UserJoinedPayload(BaseModel, frozen=True):
    user_id: str
    meeting_id: str
cqrs.OutboxedEventMap.register(
    "user_joined", # topic / routing key name used when publishing
    cqrs.NotificationEvent[UserJoinedPayload],
)
# --- end ---
