"""Guards of what goes into an outbox: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

MEMORY = "tests/unit/outbox/test_memory_conformance.py::TestMemoryOutbox::"
SQLITE = "tests/integration/sqlalchemy/test_conformance.py::TestOutbox::"
UNFIT = "tests/unit/message_brokers/test_unfit_messages.py::"

TWINS = (
    Twin(
        "a new message is looked at when it is added",
        "outbox/rows.py",
        "return sendable(",
        "return (",
        f"{SQLITE}test_headers_that_not_every_broker_carries_are_refused_with_their_names[sqlite]",
    ),
    Twin(
        "a message that is sent at once is looked at before the commit",
        "events/event_emitter.py",
        "return ready(message_of(",
        "return (message_of(",
        f"{UNFIT}test_an_unfit_event_undoes_the_unit_of_work_and_nothing_is_sent",
    ),
    Twin(
        "what was stored before leaves, whatever it is",
        "message_brokers/protocol.py",
        "return ready(message, envelope)",
        "return message",
        f"{UNFIT}test_unfit_messages_stored_by_an_earlier_version_are_still_sent",
    ),
    Twin(
        "a body is not larger than every database takes",
        "outbox/rows.py",
        "    storable(envelope.name, envelope.body)\n",
        "",
        f"{MEMORY}test_a_body_above_the_size_limit_is_refused",
    ),
    Twin(
        "JSON has no NaN, whoever wrote it",
        "_messages/limits.py",
        'if (b"NaN" in body or b"Infinity" in body) and',
        "if False and",
        f"{MEMORY}test_a_serializer_that_declares_json_must_write_json",
    ),
    Twin(
        "no model writes null for NaN",
        "serializers/json.py",
        'if b"null" in body:',
        "if False:",
        f"{MEMORY}test_a_nan_or_infinite_number_is_refused_with_the_name_of_its_field",
    ),
    Twin(
        "a delay is one that databases can count",
        "outbox/arguments.py",
        "if not seconds <= _LONGEST_DELAY:",
        "if False:",
        f"{SQLITE}test_a_delay_that_no_database_can_store_is_refused[sqlite]",
    ),
    Twin(
        "a UUID as text is that UUID",
        "outbox/arguments.py",
        "return [hashed] if known is None else [known, hashed]",
        "return [hashed]",
        f"{SQLITE}test_an_id_given_as_text_finds_the_same_message[sqlite]",
    ),
    Twin(
        "to drop nothing is not to drop everything",
        "outbox/arguments.py",
        "    if not given:\n",
        "    if False:\n",
        f"{SQLITE}test_an_id_of_the_wrong_type_is_refused[sqlite]",
    ),
    Twin(
        "a look takes no lock",
        "outbox/sqlalchemy/repository.py",
        "reads_only=True",
        "reads_only=False",
        f"{SQLITE}test_peek_claims_no_message_and_shows_only_committed_ones[sqlite]",
    ),
    Twin(
        "what was set aside behind a held message leaves after it",
        "outbox/sqlalchemy/statements.py",
        "was_held=bool(row.was_held),",
        "",
        "tests/integration/sqlalchemy/test_conformance.py::TestRelay::"
        "test_later_messages_of_a_key_are_sent_right_after_one_that_was_held[sqlite]",
    ),
    Twin(
        "who settles what was held frees what was set aside behind it",
        "outbox/sqlalchemy/taking.py",
        "    for key in keys:\n        await release(session, model, key)\n",
        "",
        f"{SQLITE}test_messages_blocked_by_a_held_one_are_released_when_it_is_settled[sqlite]",
    ),
    Twin(
        "a message whose body no database takes can be parked",
        "inbox/sqlalchemy/parking.py",
        "most = await _most(",
        "most = _LARGEST + 0 * await _most(",
        "tests/integration/inbox/test_inbox_of_mariadb.py::"
        "test_a_body_that_the_server_does_not_take_is_parked_compressed_or_without_it",
    ),
    Twin(
        "a message without its body is never handled",
        "inbox/parked.py",
        'head["headers"][UNREADABLE] = body.why',
        "pass",
        "tests/integration/inbox/test_inbox_of_mariadb.py::"
        "test_a_body_that_the_server_does_not_take_is_parked_compressed_or_without_it",
    ),
    Twin(
        "texts that differ are different keys",
        "_sqlalchemy/dialects.py",
        'EXACT_COLLATION = "utf8mb4_nopad_bin"',
        'EXACT_COLLATION = "utf8mb4_bin"',
        "tests/integration/inbox/test_inbox_conformance.py::TestInbox::"
        "test_consumers_whose_names_look_alike_are_different[mariadb]",
    ),
    Twin(
        "a follow-up goes without a foreign header that cannot travel",
        "context.py",
        "if known.get(name) and travels(name, known[name])",
        "if known.get(name)",
        f"{UNFIT}test_a_follow_up_goes_without_what_came_with_its_cause_and_cannot_travel",
    ),
)
