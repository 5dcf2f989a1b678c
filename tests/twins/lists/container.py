"""Guards of handlers and containers: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

KEPT = "tests/integration/container/test_kept_handlers.py::"
NAMES = "tests/unit/requests/test_names_of_ones_own.py::"
CIRCLES = "tests/integration/container/test_circles.py::"
CHANGES = "tests/integration/container/test_changes_after_the_start.py::"
CLASHES = "tests/integration/container/test_names_that_clash.py::"
ANNOTATIONS = "tests/integration/container/test_annotations.py::"
WRAPPED = "tests/unit/requests/test_wrapped_handlers.py::"
GENERICS = "tests/integration/container/test_generic_things.py::"
OVERRIDES = "tests/integration/container/test_overrides.py::"

TWINS = (
    Twin(
        "what a kept handler records belongs to the call",
        "handlers/shared.py",
        "return handler if call is None or call.keeps_events else call",
        "return handler",
        f"{KEPT}test_two_calls_at_once_keep_their_events_apart",
    ),
    Twin(
        "a handler with a list of its own is not called twice at once",
        "handlers/shared.py",
        "if id(self.handler) in _busy:",
        "if False:",
        f"{KEPT}test_handler_with_a_list_of_its_own_is_not_called_twice_at_once",
    ),
    Twin(
        "what a failed call has left in a list of one's own is forgotten",
        "handlers/shared.py",
        "self._events_before = len(self.handler.events)  # of a call that failed",
        "pass",
        f"{KEPT}test_events_of_a_call_that_fails_go_with_it",
    ),
    Twin(
        "a list that the application gives a handler is not that of its events",
        "handlers/recorder.py",
        "and not _is_given_events(owner)",
        "",
        f"{NAMES}test_names_of_a_handler_are_its_own_and_what_it_records_is_handled",
    ),
    Twin(
        "what is bound in di later is seen on the short way",
        "container/di/container.py",
        "make = ready.get(type_) if bound == solver.hooks else None",
        "make = ready.get(type_)",
        f"{OVERRIDES}test_a_binding_made_after_the_first_request_counts_for_the_next",
    ),
    Twin(
        "what is bound in a resolver later makes its turns anew",
        "container/resolving/planner.py",
        "self.plan_caches.clear()",
        "pass",
        f"{OVERRIDES}test_a_binding_made_after_the_first_request_counts_for_the_next",
    ),
    Twin(
        "what dependency-injector has begun to make is awaited",
        "container/dependency_injector/container.py",
        "if not isinstance(made, _AWAITED):",
        "if True:",
        f"{OVERRIDES}test_a_binding_made_after_the_first_request_counts_for_the_next",
    ),
    Twin(
        "nothing is made on a short way that has to be left",
        "container/resolver.py",
        "None if plan.quick is None else checked_first(plan.checks, plan.quick)",
        "plan.quick",
        f"{OVERRIDES}test_a_singleton_that_is_awaited_is_made_once_and_its_handlers_once_for_each_request",
    ),
    Twin(
        "who would wait for itself is told",
        "container/resolving/single_flight.py",
        "if outer is not None:\n                _must_not_wait(outer, made, type_)",
        "",
        f"{CIRCLES}test_two_types_that_need_each_other_in_two_tasks_are_reported",
    ),
    Twin(
        "a request map that is changed by hand is compiled anew",
        "requests/map.py",
        "self.on_change = self._forget",
        "pass",
        f"{CHANGES}test_request_map_that_is_changed_by_hand_counts_for_the_next_request",
    ),
    Twin(
        "handlers that are added by hand to those of an event are called",
        "events/map.py",
        "watched.on_change = self._forget",
        "pass",
        f"{CHANGES}test_event_map_that_is_changed_by_hand_counts_for_the_next_event",
    ),
    Twin(
        "a provider that is set later in dependency-injector is seen",
        "container/dependency_injector/container.py",
        "watch(all_containers(self.container), self)",
        "pass",
        f"{CHANGES}test_provider_that_is_set_later_in_dependency_injector_is_seen",
    ),
    Twin(
        "two classes of one name are told apart",
        "_introspection/generics.py",
        "_full_name(it) if name in clashes else name",
        "name",
        f"{CLASHES}test_two_classes_on_the_path_to_a_missing_type_are_distinguished",
    ),
    Twin(
        "what only a route fills in is refused in an annotation, too",
        "container/resolving/provider.py",
        'for note in getattr(part, "__metadata__", ())',
        "for note in ()",
        f"{ANNOTATIONS}test_dependency_of_a_route_is_refused_on_what_the_container_builds",
    ),
    Twin(
        "what is made in one event loop is not waited for in another",
        "container/resolving/single_flight.py",
        "if made.loop is not asyncio.get_running_loop():",
        "if False:",
        f"{CIRCLES}test_sync_factory_that_blocks_on_a_thread_that_resolves_its_type_is_reported",
    ),
    Twin(
        "nobody waits for ever for what is made",
        "container/resolving/single_flight.py",
        "async with asyncio.timeout(PATIENCE):",
        "async with asyncio.timeout(None):",
        f"{CIRCLES}test_factory_that_resolves_its_own_type_in_a_thread_is_reported",
    ),
    Twin(
        "a plain factory is not called again while it makes a singleton",
        "container/resolving/shortcut.py",
        "if not in_the_making.acquire(blocking=False):",
        "in_the_making = Lock()\n        if not in_the_making.acquire(blocking=False):",
        f"{CIRCLES}test_plain_factory_that_resolves_its_own_type_is_reported",
    ),
    Twin(
        "di makes a generic class with its arguments",
        "container/di/solving.py",
        "return with_type_arguments(asked, dependent)",
        "return dependent",
        f"{GENERICS}test_each_alias_is_made_with_what_its_argument_asks_for",
    ),
    Twin(
        "one provider of dependency-injector does not serve two aliases",
        "container/dependency_injector/container.py",
        "self._must_fit_one(type_, *fitting[0])",
        "pass",
        f"{GENERICS}test_provider_of_dependency_injector_that_would_serve_two_aliases_is_refused",
    ),
    Twin(
        "a generic class that is bound is made for each alias",
        "container/resolving/planner.py",
        "return exact, provider_of(exact, provider.lifetime, here)",
        "pass",
        f"{GENERICS}test_each_alias_is_made_with_what_its_argument_asks_for",
    ),
    Twin(
        "an alias of a type stands for it",
        "_introspection/hints.py",
        "if isinstance(alias, _ALIASES):",
        "if False:",
        f"{GENERICS}test_alias_of_a_type_stands_for_it",
    ),
    Twin(
        "send is a coroutine function",
        "mediator.py",
        "    async def send(self, request: object, answered_by: type | None = None) -> Any:",
        "    def send(self, request: object, answered_by: type | None = None) -> Any:\n"
        "        return self._send(request, answered_by)\n"
        "    async def _send(self, request: object, answered_by: type | None = None) -> Any:",
        f"{WRAPPED}test_a_method_that_must_be_awaited_is_declared_so",
    ),
    Twin(
        "what is called is judged, not what it wraps",
        "_introspection/callables.py",
        """if is_coroutine_function(found):
            return "async\"""",
        """if is_coroutine_function(written(found)):
            return "async\"""",
        f"{WRAPPED}test_a_wrapper_is_checked_and_not_the_function_it_wraps",
    ),
    Twin(
        "an inherited field means what it means where it was written",
        "_introspection/hints.py",
        "elsewhere = owner.__module__ != declares.__module__ or (",
        "elsewhere = (",
        f"{ANNOTATIONS}test_inherited_field_means_what_its_module_means_by_it",
    ),
)
