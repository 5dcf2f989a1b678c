"""What every container provides without a binding: the envelope of the message that is being consumed."""

from __future__ import annotations

from typing import Any

from cqrs.container.resolving.provider import Provider
from cqrs.context import current_envelope, envelope_if_any
from cqrs.envelope import Envelope

IF_ANY: Any = Envelope | None

BUILT_IN: dict[Any, Provider] = {
    Envelope: Provider(current_envelope, "request", "plain", (), current_envelope),
    IF_ANY: Provider(envelope_if_any, "request", "plain", (), envelope_if_any),
}
"""They live per request: something that lives longer would keep the first envelope."""
