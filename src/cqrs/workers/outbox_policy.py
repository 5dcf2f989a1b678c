"""The established path of these names, which are in :mod:`cqrs.workers.relay.policy`."""

from cqrs.workers.relay.policy import RelayPolicy, Verdict, verdict

__all__ = ["RelayPolicy", "Verdict", "verdict"]
