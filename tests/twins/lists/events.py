"""Guards of events, their names and their handlers: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

FOLLOW_UPS = "tests/unit/inbox/test_follow_ups.py::"
CONTRACTS = "tests/unit/events/test_contracts.py::"
GENERICS = "tests/unit/events/test_generic_events.py::"
KEPT_ASIDE = "tests/unit/events/test_kept_aside.py::"
NO_EVENTS = "tests/unit/events/test_no_events.py::"
AS_RAISED = "tests/unit/events/test_errors_as_raised.py::"

TWINS = (
    Twin(
        "what a handler has not awaited is no answer",
        "dispatcher/request.py",
        "        answer = await handler.handle(request)\n        if answer.__class__ is CoroutineType:",
        "        answer = await handler.handle(request)\n        if False:",
        "tests/unit/requests/test_forgotten_await.py::test_an_answer_that_was_not_awaited_is_refused_and_the_turn_undone",
    ),
    Twin(
        "events in a list that nobody reads are told about",
        "handlers/shared.py",
        "injector.makes_anew(handler_type) and not unread_lists(handler_type)",
        "injector.makes_anew(handler_type)",
        f"{KEPT_ASIDE}test_an_event_in_an_unread_list_is_reported_and_the_transaction_undone",
    ),
    Twin(
        "what a handler sends follows from its message",
        "workers/consumer/events.py",
        "with consuming(envelope):",
        "if envelope:",
        f"{FOLLOW_UPS}test_messages_sent_by_a_handler_name_its_message_as_their_cause",
    ),
    Twin(
        "who outlives a message is not given its envelope",
        "container/builtin.py",
        'Envelope: Provider(current_envelope, "request", "plain", (), current_envelope),',
        'Envelope: Provider(current_envelope, "transient", "plain", (), current_envelope),',
        f"{FOLLOW_UPS}test_a_singleton_that_would_keep_the_first_envelope_is_refused_at_the_start",
    ),
    Twin(
        "a consumer does not start with a handler of messages that it cannot read",
        "workers/consumer/consumer.py",
        "        self._check_event_types()\n",
        "",
        f"{CONTRACTS}test_a_handler_of_an_unregistered_message_stops_the_start_of_a_consumer",
    ),
    Twin(
        "two classes do not share a name",
        "events/registry.py",
        "if _place(holder) != _place(cls):",
        "if False:",
        f"{CONTRACTS}test_a_name_of_two_classes_is_refused_with_both_modules",
    ),
    Twin(
        "what holds events is not recorded",
        "handlers/recorder.py",
        "if event.__class__ not in _event_classes:",
        "if isinstance(event, type):",
        f"{NO_EVENTS}test_containers_of_events_are_refused_at_once_by_every_recorder",
    ),
    Twin(
        "what holds events is not let pass as an event that nobody handles",
        "events/event_emitter.py",
        "        must_be_an_event(event)\n",
        "",
        f"{NO_EVENTS}test_a_list_in_the_own_list_of_a_handler_fails_the_turn_before_any_reaction",
    ),
    Twin(
        "a note is added to an error only if that lets it",
        "_tasks/blocks.py",
        "with contextlib.suppress(Exception):",
        "if error:",
        f"{AS_RAISED}test_an_error_of_an_event_handler_is_raised_unchanged_and_logged",
    ),
    Twin(
        "an error leaves a block as it was raised",
        "_tasks/blocks.py",
        'return found.tb_frame.f_code.co_name == "__setattr__"',
        "return False",
        f"{AS_RAISED}test_an_error_leaves_every_block_of_a_database_as_it_is",
    ),
    Twin(
        "two closings of one generic event are two classes",
        "events/closed_generic.py",
        "    if alias.__parameters__ or all(",
        "    if alias or all(",
        f"{GENERICS}test_messages_of_two_payloads_reach_each_its_own_handler",
    ),
    Twin(
        "two handlers of closings that Python cannot tell apart are refused",
        "events/map.py",
        "            if asked != event_type:",
        "            if False:",
        f"{GENERICS}test_two_closings_of_a_class_that_is_not_ours_are_refused_unless_one_handler_takes_both",
    ),
    Twin(
        "the fields of a dataclass message are validated and built",
        "_messages/message.py",
        "reader(cls).validate_python\n",
        "lambda given: cls(**given)\n",
        "tests/unit/messages/test_dataclass_messages.py::test_texts_become_what_the_fields_say",
    ),
    Twin(
        "what a model writes it reads",
        "_messages/reading.py",
        "return adapter if changed is schema else",
        "return adapter if adapter else",
        "tests/unit/messages/test_written_and_read.py::test_a_written_event_is_read",
    ),
    Twin(
        "aliases travel",
        "serializers/json.py",
        "by_alias=True",
        "by_alias=False",
        "tests/unit/messages/test_written_and_read.py::test_aliases_bytes_and_computed_fields_travel",
    ),
)
