"""Before step 1 and after step 6: what connects a mediator to the framework that a service runs on.

``cqrs.integrations.fastapi`` answers over HTTP, ``cqrs.integrations.faststream`` receives from a broker. A mediator
needs neither of them: it is handed to a route or a subscriber as a dependency, like anything else.
"""
