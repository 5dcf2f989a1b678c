"""Log lines: how they describe errors, brokers and databases, and how an outage is logged."""
