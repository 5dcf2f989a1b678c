"""The settings of a circuit, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# When the lease of a probe ends, the probe counts as dead and another one starts. Thirty seconds are longer than most
# calls may take, so that with a short timeout_duration a slow service does not get several probes.
SHORTEST_DEFAULT_LEASE = 30.0


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When a circuit opens, how long it stays open, and how long a probe may take; times in seconds."""

    fail_max: int
    timeout: float
    probe_lease: float

    @classmethod
    def of(
        cls, fail_max: int, timeout_duration: float | timedelta, probe_lease: float | timedelta | None = None
    ) -> CircuitPolicy:
        """Make a policy of the arguments of a breaker."""
        timeout = seconds(timeout_duration)
        lease = max(timeout, SHORTEST_DEFAULT_LEASE) if probe_lease is None else seconds(probe_lease)
        return cls(fail_max=fail_max, timeout=timeout, probe_lease=lease)


def seconds(duration: float | timedelta) -> float:
    """``duration`` as a number of seconds."""
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
