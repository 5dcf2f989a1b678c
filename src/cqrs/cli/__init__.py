"""The commands of ``python -m cqrs``."""
