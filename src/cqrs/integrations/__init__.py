"""Connects a mediator to the framework that a service runs on.

``cqrs.integrations.fastapi`` answers over HTTP, ``cqrs.integrations.faststream`` receives from a broker. A mediator
needs neither of them: a route or a subscriber gets it as a dependency, like any other object.
"""
