"""Guards of the inbox and the consumer: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

CONSUMER = "tests/unit/inbox/test_consumer.py::"
GOES_ON = "tests/unit/inbox/test_consumer_goes_on.py::"
ERRORS = "tests/unit/inbox/test_consumer_errors.py::"
DATABASES = "tests/integration/inbox/test_consumer_databases.py::"
FAILED = "tests/integration/inbox/test_failed_transactions.py::"
HELD = "tests/integration/inbox/test_held_transactions.py::"
MEMORY = "tests/unit/inbox/test_memory_inbox_conformance.py::TestMemoryInbox::"
SQLITE = "tests/integration/inbox/test_inbox_conformance.py::TestInbox::"
POSTGRESQL = "tests/integration/inbox/test_inbox_conformance.py::TestInbox::"

TWINS = (
    Twin(
        "the mark of a message is in the transaction of its effect",
        "inbox/sqlalchemy/repository.py",
        "new = await mark(session, self.tables, consumer, [envelope.message_id for envelope in unique])",
        "async with self._sessions() as own, own.begin():\n"
        "            new = await mark(own, self.tables, consumer, [envelope.message_id for envelope in unique])",
        f"{SQLITE}test_a_message_whose_acceptance_was_rolled_back_is_accepted_again[sqlite]",
    ),
    Twin(
        "of two who bring in one message at once, one begins again",
        "inbox/memory/repository.py",
        "unit.enlist(mark, check=mark.check)",
        "unit.enlist(mark)",
        f"{MEMORY}test_concurrent_consumers_accept_each_message_once",
    ),
    Twin(
        "who brings in what another is bringing in waits for it",
        "inbox/sqlalchemy/marks.py",
        "new = insert_returning_new(table, dialect)",
        "from sqlalchemy import insert\n    new = insert(table)",
        f"{POSTGRESQL}test_a_message_is_accepted_once_by_each_consumer[postgres]",
    ),
    Twin(
        "two who bring in the same messages take them in one order",
        "inbox/sqlalchemy/marks.py",
        "sorted(ids)",
        "list(ids)",
        f"{DATABASES}test_two_consumers_of_the_same_messages_in_opposite_order_wait_and_do_not_deadlock",
    ),
    Twin(
        "who has lost against another begins again and parks nothing",
        "workers/outage_errors.py",
        "CircuitOpenError, InboxConflict, MigrationNeeded)",
        "CircuitOpenError, MigrationNeeded)",
        f"{ERRORS}test_errors_independent_of_the_message_are_outages",
    ),
    Twin(
        "nothing is acknowledged before its commit",
        "workers/consumer/consumer.py",
        "rest = await self._step(part)",
        "await self._acknowledge(part); rest = await self._step(part)",
        f"{CONSUMER}test_messages_held_in_an_outage_are_returned_when_the_consumer_stops",
    ),
    Twin(
        "what has taken effect is acknowledged",
        "workers/consumer/consumer.py",
        "await self._source.ack(part)",
        "list(part)",
        f"{CONSUMER}test_messages_take_effect_in_order_and_are_acknowledged",
    ),
    Twin(
        "after an acknowledgement that failed the others are given back",
        "workers/consumer/consumer.py",
        "for delivery in part:",
        "for delivery in ():",
        f"{GOES_ON}test_an_acknowledgement_that_fails_leaves_no_delivery_without_a_word",
    ),
    Twin(
        "a transaction that the database has undone is not taken for committed",
        "unit_of_work/sqlalchemy/unit.py",
        "await must_not_have_failed(session, self._failures)",
        "must_not_have_failed",
        f"{FAILED}test_a_message_whose_handler_catches_such_an_error_is_parked_and_the_others_of_its_batch_are_not_lost",
    ),
    Twin(
        "a deadlock that was caught is not taken for a failed statement",
        "_sqlalchemy/failures.py",
        "_undone.setdefault(transaction, copy.copy(error))",
        "pass",
        f"{FAILED}test_a_deadlock_that_is_lost_and_caught_undoes_all_on_mariadb",
    ),
    Twin(
        "a handler cannot commit what the others of its batch have written",
        "workers/consumer/steps.py",
        "with unit.held(whole_batch=len(new) > 1):\n                    for at in new:",
        "if True:\n                    for at in new:",
        f"{CONSUMER}test_a_handler_cannot_end_the_transaction_of_the_others",
    ),
    Twin(
        "what a handler has undone past the unit of work is not taken for committed",
        "unit_of_work/sqlalchemy/unit.py",
        "if self._lost is not None:",
        "if False:",
        f"{HELD}test_a_handler_that_ends_the_transaction_of_its_session_costs_the_others_nothing[sqlite-rollback]",
    ),
    Twin(
        "what fails again and again is parked",
        "workers/consumer/steps.py",
        "await self._inbox.park(self._consumer, envelope, failed.error, retry_in)",
        "pass",
        f"{CONSUMER}test_poison_parks_its_key_and_other_keys_go_on",
    ),
    Twin(
        "later messages of a parked key wait behind it",
        "inbox/sqlalchemy/repository.py",
        "return [e for e in fresh if sequence_of(e) not in waiting] if waiting else fresh",
        "return fresh",
        f"{SQLITE}test_later_messages_of_a_parked_key_wait_behind_it_and_others_pass[sqlite]",
    ),
    Twin(
        "later messages of a parked key wait behind it (memory)",
        "inbox/memory/repository.py",
        "if sequence is None:\n                now",
        "if True:\n                now",
        f"{MEMORY}test_later_messages_of_a_parked_key_wait_behind_it_and_others_pass",
    ),
    Twin(
        "whether a key is parked is looked at when nobody is bringing in its messages any more",
        "inbox/sqlalchemy/repository.py",
        """new = await mark(session, self.tables, consumer, [envelope.message_id for envelope in unique])
        fresh = [envelope for envelope in unique if envelope.message_id in new]
        keyed = {sequence_of(envelope) for envelope in fresh if envelope.key is not None}
        # After the marks: the consumer that had the messages before may have parked the first of them.
        parked = await parked_among(session, self.tables, consumer, list(keyed)) if keyed else []""",
        """parked = await parked_among(session, self.tables, consumer, [sequence_of(envelope) for envelope in unique])
        new = await mark(session, self.tables, consumer, [envelope.message_id for envelope in unique])
        fresh = [envelope for envelope in unique if envelope.message_id in new]""",
        f"{DATABASES}test_the_next_message_of_a_key_is_put_behind_one_that_was_parked_meanwhile",
    ),
    Twin(
        "a parked sequence is tried by one worker at a time",
        "inbox/sqlalchemy/parking.py",
        ".with_for_update(skip_locked=True)",
        "",
        f"{DATABASES}test_a_parked_key_that_one_worker_tries_is_not_taken_by_another[postgres]",
    ),
    Twin(
        "a failed try that others have overtaken changes nothing",
        "inbox/sqlalchemy/repository.py",
        "where(this, table.c.attempts == taken.attempts, same)",
        "where(this, same)",
        f"{SQLITE}test_a_failed_attempt_is_counted_and_postponed[sqlite]",
    ),
    Twin(
        "an outage spends no try",
        "workers/consumer/steps.py",
        "if found is ConsumerVerdict.OUTAGE:",
        "if False:",
        f"{CONSUMER}test_an_outage_parks_nothing_however_long_it_lasts_and_keeps_the_order",
    ),
    Twin(
        "what waits through an outage keeps its place",
        "workers/consumer/consumer.py",
        "todo.appendleft(part)",
        "todo.append(part)",
        f"{GOES_ON}test_an_outage_in_the_middle_of_a_batch_that_was_split_keeps_the_order",
    ),
    Twin(
        "a batch that was split is brought in in its order",
        "workers/consumer/consumer.py",
        "todo.extendleft(reversed(rest))",
        "todo.extendleft(rest)",
        f"{CONSUMER}test_a_failing_message_is_tried_again_alone_and_the_others_take_effect",
    ),
    Twin(
        "a batch is handled in the order of its arrival",
        "inbox/sqlalchemy/repository.py",
        "[envelope for envelope in unique if envelope.message_id in new]",
        "[envelope for envelope in sorted(unique, key=lambda e: e.message_id) if envelope.message_id in new]",
        f"{DATABASES}test_effects_marks_and_outgoing_messages_are_one",
    ),
    Twin(
        "a mark outlives the time in which its message can come again",
        "inbox/sqlalchemy/marks.py",
        "marks.received_at < database_in(-older_than.total_seconds())",
        "marks.received_at < database_in(0)",
        f"{SQLITE}test_old_marks_are_removed_in_bounded_chunks[sqlite]",
    ),
    Twin(
        "a mark of what is parked stays",
        "inbox/sqlalchemy/marks.py",
        "database_in(-older_than.total_seconds()), ~kept)",
        "database_in(-older_than.total_seconds()))",
        f"{SQLITE}test_marks_of_parked_messages_are_not_removed[sqlite]",
    ),
    Twin(
        "a cancellation out of a handler does not end the worker without a word",
        "workers/consumer/events.py",
        "if is_cancelled() or not _only_cancelled(error):",
        "if True:",
        f"{GOES_ON}test_a_handler_that_lets_a_cancellation_out_fails_and_the_worker_goes_on",
    ),
    Twin(
        "who is stopped between two tries parks nothing",
        "workers/consumer/consumer.py",
        "if self.is_ending:\n                return [part]",
        "if False:\n                return [part]",
        f"{GOES_ON}test_a_consumer_stopped_between_two_attempts_returns_the_message_and_parks_nothing",
    ),
    Twin(
        "a group of errors is an outage if all of them are",
        "workers/outage_errors.py",
        "or _is_group_of_outages(one, seen)",
        "",
        f"{ERRORS}test_errors_independent_of_the_message_are_outages",
    ),
    Twin(
        "who cannot clean or replay brings in messages",
        "workers/consumer/chores.py",
        "self.due = now + self._outages.failed(outage.__cause__, outage.missing)",
        "raise",
        f"{GOES_ON}test_a_consumer_that_cannot_clean_or_replay_still_handles_messages",
    ),
)
