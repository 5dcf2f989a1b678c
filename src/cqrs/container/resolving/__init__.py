"""The parts of the default resolver: bindings, plans, scopes."""
