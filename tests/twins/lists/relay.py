"""Guards of relay, outbox queue, leases and log: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

SENDING = "tests/unit/workers/test_sending.py::"
MEMORY = "tests/unit/outbox/test_memory_conformance.py::TestMemoryRelay::"
RELAY = "tests/unit/workers/test_relay_faults.py::"
SERVICE = "tests/unit/workers/test_service.py::"
START = "tests/unit/workers/test_worker_start.py::"
FAULT_SEARCH = "tests/unit/workers/test_fault_search.py::"
LEASES = "tests/integration/sqlalchemy/test_lease_conformance.py::TestLeaseStore::"
POSTGRESQL = "tests/integration/sqlalchemy/test_conformance.py::TestOutbox::"
MARIADB = "tests/integration/sqlalchemy/test_conformance.py::TestOutbox::"
LOG = "tests/integration/postgresql_log/"
STOPPED = "tests/integration/sqlalchemy/test_relay_stopped.py::"
NAMES = "tests/integration/sqlalchemy/test_relay_names.py::"
OF_OTHERS = "tests/integration/sqlalchemy/test_rows_of_others.py::"
SQLITE = "tests/integration/sqlalchemy/test_conformance.py::TestRelay::"

TWINS = (
    Twin(
        "a row that cannot be read is not sent without what could not be read",
        "workers/relay/outbox_relay.py",
        " and UNREADABLE not in message.envelope.headers",
        "",
        f"{OF_OTHERS}test_a_row_that_cannot_be_sent_is_parked_with_the_reason_and_the_others_leave[sqlite-memory]",
    ),
    Twin(
        "headers that are no JSON are their row's, and no outage",
        "outbox/rows.py",
        "except (ValueError, TypeError, RecursionError) as error",
        "except ZeroDivisionError as error",
        f"{OF_OTHERS}test_a_row_that_cannot_be_sent_is_parked_with_the_reason_and_the_others_leave[sqlite-memory]",
    ),
    Twin(
        "a row that cannot be read holds up no plain loop",
        "outbox/stored.py",
        "except CQRSError as error:  # others of the batch can be sent",
        "except ZeroDivisionError as error:",
        f"{OF_OTHERS}test_a_plain_loop_is_not_held_up_by_a_row_that_cannot_be_read[sqlite]",
    ),
    Twin(
        "a plain loop tries others before what always seems to be an outage",
        "producer.py",
        "return first + last",
        "return events",
        "tests/unit/workers/test_producer_faults.py::test_others_leave_though_the_first_one_always_looks_like_an_outage",
    ),
    Twin(
        "of a queue in memory nothing overtakes a message whose hold ends",
        "outbox/memory/queue.py",
        "self._store.is_blocked(row, now)",
        "self._store.is_blocked(row)",
        "tests/unit/outbox/test_memory_queue_clock.py::test_nothing_overtakes_a_message_whose_hold_ends_while_others_are_taken",
    ),
    Twin(
        "a web server in the same process gets its signals",
        "workers/signals.py",
        "if _is_of_application(self.previous):",
        "if False:",
        f"{SERVICE}test_a_handler_that_was_there_before_is_called_too_and_is_there_again",
    ),
    Twin(
        "a handler of signals is put back",
        "workers/signals.py",
        "for number in _SIGNALS if not _running else ():",
        "for number in ():",
        f"{SERVICE}test_a_handler_that_was_there_before_is_called_too_and_is_there_again",
    ),
    Twin(
        "a worker that cannot reach anything when it begins ends",
        "workers/service.py",
        "if self._must_reach and not self._ready.is_set():",
        "if False:",
        f"{START}test_a_relay_that_cannot_reach_its_broker_when_it_begins_ends_with_an_error_that_names_it",
    ),
    Twin(
        "an error that ends a worker is logged at once",
        "workers/service.py",
        "self._task.add_done_callback(self._has_ended)",
        "pass",
        f"{START}test_an_error_that_ends_a_worker_is_logged_at_once_however_it_was_started",
    ),
    Twin(
        "a message is at fault only if another left right before it failed",
        "workers/relay/fault_search.py",
        "is_proof = group.is_suspect and self._last_succeeded and len(group.items) == 1",
        "is_proof = group.is_suspect and len(group.items) == 1",
        f"{FAULT_SEARCH}test_an_outage_holds_nothing_against_anything_and_ends_the_search",
    ),
    Twin(
        "after a failure something else must leave before a half is judged",
        "workers/relay/fault_search.py",
        "self._sample = self._choose_sample() if self._groups[0].is_suspect and not self._last_succeeded else None",
        "self._sample = None",
        f"{FAULT_SEARCH}test_one_of_five_hundred_is_found_by_few_attempts",
    ),
    Twin(
        "a batch in which one fails is split",
        "workers/relay/fault_search.py",
        "self._groups.extendleft(reversed(self._halves(left)))",
        "self._groups.append(left)",
        f"{FAULT_SEARCH}test_one_of_five_hundred_is_found_by_few_attempts",
    ),
    Twin(
        "of a half, nothing is tried that comes after what has not left",
        "workers/relay/fault_search.py",
        "groups.setdefault(object() if key is None else key, []).append(item)",
        "groups.setdefault(object(), []).append(item)",
        f"{FAULT_SEARCH}test_nothing_good_is_found_at_fault_and_keys_keep_their_order",
    ),
    Twin(
        "one error for all is held against nobody",
        "workers/relay/failures.py",
        "return all(error is results[0] for error in results) and len(first_of_each_key(messages)) > 1",
        "return False",
        f"{RELAY}test_one_refusal_for_a_whole_batch_parks_only_the_message_that_it_follows",
    ),
    Twin(
        "every other time one message by itself goes first",
        "workers/relay/sending.py",
        "one_first = self._health.failed_probes % 2 and not self._in_order",
        "one_first = False",
        f"{RELAY}test_messages_leave_though_one_takes_the_broker_from_what_is_tried_just_after_it",
    ),
    Twin(
        "a server that has ended waits for its relay",
        "workers/signals.py",
        "if number == signal.SIGTERM and _in_main_thread and",
        "if False and",
        "tests/integration/fastapi/test_worker_beside_the_server.py::"
        "test_a_relay_beside_a_server_that_has_ended_finishes_what_is_under_way",
    ),
    Twin(
        "a topic that is away parks nothing",
        "workers/relay/failures.py",
        "counts = not may_be_topic or",
        "counts = True or",
        f"{SENDING}test_a_message_whose_topic_is_away_is_at_fault_and_it_never_counts",
    ),
    Twin(
        "a topic that comes back parks nothing at once",
        "workers/relay/sending.py",
        "FailureHistory(policy, 1 if in_order else policy.attempts)",
        "FailureHistory(policy, 1)",
        f"{SENDING}test_a_message_that_fails_beside_others_of_its_topic_counts_in_the_end",
    ),
    Twin(
        "a lost connection is no fault of a message beside which others left",
        "workers/relay/failures.py",
        "return is_no_answer(error) or (isinstance(error, OSError)",
        "return is_no_answer(error) or (isinstance(error, KeyError)",
        f"{SENDING}test_nothing_is_held_against_messages_that_an_outage_cut_off_among_others_that_left",
    ),
    Twin(
        "what an outage has cut off is not at fault by what was done after it",
        "workers/relay/fault_search.py",
        "(result is TryResult.FAILED and place < last_done)",
        "place < last_done",
        "tests/unit/workers/test_fault_search.py::"
        "test_an_item_that_was_cut_off_is_not_at_fault_because_a_later_one_was_done",
    ),
    Twin(
        "what was at fault before spoils no other batch",
        "workers/relay/selection.py",
        "if m.attempts or m.id in suspects",
        "if m.id in suspects",
        f"{MEMORY}test_another_relay_sends_a_message_known_to_fail_apart_from_the_others",
    ),
    Twin(
        "what has failed before may not hang for as long again",
        "workers/relay/pipeline.py",
        "return min(seconds, max(_SHORTEST, _TIMES_USUAL * took * max(1.0, count / before)))",
        "return seconds",
        f"{RELAY}test_a_message_that_hangs_costs_the_time_of_a_lease_once",
    ),
    Twin(
        "a holder of leases is made when it starts",
        "workers/lease_holder.py",
        "            self.owner = worker_name(self._name)\n        await super().start()",
        "            pass\n        await super().start()",
        f"{RELAY}test_a_relay_made_before_a_fork_works_in_both_processes_side_by_side",
    ),
    Twin(
        "who has lost a partition settles nothing",
        "outbox/sqlalchemy/queue.py",
        "if fences[row.share] == row.fence",
        "if row.fence",
        f"{SQLITE}test_a_relay_that_has_lost_a_partition_cannot_settle_its_messages[sqlite]",
    ),
    Twin(
        "a blocked message is not sent",
        "workers/relay/outbox_relay.py",
        "self._unpacked([message for message in taken if not message.blocked])",
        "self._unpacked(taken)",
        f"{MEMORY}test_a_poison_message_is_parked_with_the_rest_of_its_key_and_other_keys_are_sent",
    ),
    Twin(
        "of a key, what comes after a failure has not failed itself",
        "workers/relay/fault_search.py",
        "if result is TryResult.DONE or (key is not None and key in stopped):",
        "if result is TryResult.DONE:",
        f"{MEMORY}test_a_poison_message_is_parked_with_the_rest_of_its_key_and_other_keys_are_sent",
    ),
    Twin(
        "an outage spends no attempt",
        "workers/relay/sending.py",
        "is_refusal = not is_for_all and self._policy.classify(error) is not Verdict.OUTAGE",
        "is_refusal = True",
        f"{MEMORY}test_an_outage_loses_no_message_and_counts_no_attempt",
    ),
    Twin(
        "what is blocked no more is not set aside",
        "outbox/sqlalchemy/statements.py",
        "still = pending(model) & model.id.in_(ids) & blocked(model)",
        "still = pending(model) & model.id.in_(ids)",
        f"{SQLITE}test_a_message_that_is_no_longer_blocked_is_not_set_aside[sqlite]",
    ),
    Twin(
        "a late success releases what is behind it",
        "outbox/sqlalchemy/queue.py",
        "for key in _late(sent):",
        "for key in ():",
        f"{SQLITE}test_a_message_accepted_after_rejections_keeps_its_place[sqlite]",
    ),
    Twin(
        "only what has ended is cleaned away",
        "outbox/memory/queue.py",
        "if r.settled_at is not None and r.settled_at <= until]",
        "]",
        f"{MEMORY}test_only_sent_messages_are_cleaned_up",
    ),
    Twin(
        "a broker that hangs does not hold a relay for ever",
        "workers/relay/pipeline.py",
        "time_limit = asyncio.timeout(seconds)",
        "time_limit = asyncio.timeout(None)",
        f"{MEMORY}test_a_hanging_broker_is_treated_as_an_outage",
    ),
    Twin(
        "tidying up holds up no message",
        "workers/relay/outbox_relay.py",
        "asyncio.timeout(self.policy.lease / 4)",
        "asyncio.timeout(None)",
        "tests/unit/workers/test_outbox_relay.py::test_failing_housekeeping_delays_no_message",
    ),
    Twin(
        "who stops gives its leases back",
        "workers/lease_holder.py",
        "await self._leave()",
        "pass",
        f"{MEMORY}test_a_relay_can_be_stopped_at_any_time_and_started_again",
    ),
    Twin(
        "a fence grows when its share changes hands",
        "leases/sqlalchemy/store.py",
        '"fence": _share.fence + 1,',
        '"fence": _share.fence,',
        f"{LEASES}test_a_fence_grows_whenever_its_share_changes_hands[sqlite]",
    ),
    Twin(
        "only what is free is taken",
        "leases/sqlalchemy/store.py",
        ".where(_share.scope == scope, free, others,",
        ".where(_share.scope == scope, others,",
        f"{LEASES}test_a_held_share_is_given_to_no_other_worker[sqlite]",
    ),
    Twin(
        "the clock of a worker decides nothing",
        "leases/sqlalchemy/store.py",
        "from cqrs._sqlalchemy.clock import database_in, database_now",
        "import datetime as dt\n"
        "database_now = lambda: dt.datetime.now(dt.UTC)\n"
        "database_in = lambda seconds: database_now() + dt.timedelta(seconds=seconds)",
        f"{LEASES}test_the_clock_of_a_worker_has_no_effect[sqlite--3600.0]",
    ),
    Twin(
        "a relay passes over what is being cancelled (PostgreSQL)",
        "outbox/sqlalchemy/queue_postgresql.py",
        "FOR UPDATE OF o SKIP LOCKED",
        "",
        f"{POSTGRESQL}test_a_message_being_cancelled_is_not_taken_when_it_becomes_due[postgres-relay]",
    ),
    Twin(
        "a relay passes over what is being cancelled (MariaDB)",
        "outbox/sqlalchemy/queue.py",
        "return set(scheduled) - set(",
        "return set() and set(",
        f"{MARIADB}test_a_message_being_cancelled_is_not_taken_when_it_becomes_due[mariadb-relay]",
    ),
    Twin(
        "who cancels locks before looking at the clock",
        "outbox/sqlalchemy/cancelling.py",
        "scheduled.with_for_update()",
        "scheduled",
        f"{POSTGRESQL}test_a_cancellation_that_waited_until_the_message_is_due_fails[postgres-relay]",
    ),
    Twin(
        "the server ends what a relay has begun that is stopped (MariaDB)",
        "_sqlalchemy/transactions.py",
        "await session.execute(text(known.limit_idle_connection),",
        "str(",
        f"{STOPPED}test_a_worker_stopped_in_the_middle_of_renewing_is_replaced",
    ),
    Twin(
        "what a relay needs of a connection is not left to others (MariaDB)",
        "_sqlalchemy/transactions.py",
        'event.listen(connection.engine.pool, "reset", _without_limit)',
        "pass",
        f"{STOPPED}test_the_connection_is_given_back_as_it_was",
    ),
    Twin(
        "a new relay waits for nobody who renews (MariaDB)",
        "leases/sqlalchemy/store.py",
        "members.c.alive_until < database_in(_GONE))",
        "members.c.alive_until < database_in(_GONE)).with_for_update()",
        f"{STOPPED}test_a_worker_in_the_middle_of_renewing_does_not_delay_others_that_renew",
    ),
    Twin(
        "any name of a table will do (MariaDB)",
        "outbox/sqlalchemy/statements.py",
        'f"FORCE INDEX ({index})"',
        'f"FORCE INDEX (ix_{model.__tablename__}_held)"',
        f"{NAMES}test_a_relay_empties_a_table_of_any_name_with_one_connection",
    ),
    Twin(
        "tables of one name in two schemas share no leases",
        "outbox/sqlalchemy/statements.py",
        "model.__table__.fullname",
        "model.__tablename__",
        f"{NAMES}test_tables_of_one_name_in_two_schemas_have_relays_of_their_own",
    ),
    Twin(
        "a server that is busy with its log is not taken for dead",
        "outbox/log/postgresql.py",
        "stream.read(limit, patience, _ANSWER)",
        "stream.read(limit, patience, patience)",
        f"{LOG}test_log_extremes.py::test_a_large_transaction_of_other_tables_is_waited_for",
    ),
    Twin(
        "a relay of the log reads no more than it can hold",
        "_replication/stream.py",
        "and size < _READ_AT_ONCE:",
        ":",
        f"{LOG}test_log_extremes.py::test_a_relay_does_not_read_more_than_it_can_hold",
    ),
    Twin(
        "what was only read is not confirmed (by the driver)",
        "_replication/stream.py",
        "if over and message.data_start <= self._confirmed:",
        "if False:",
        f"{LOG}test_log_confirming.py::test_read_but_unsettled_messages_are_not_confirmed_in_the_middle_of_a_large_transaction",
    ),
    Twin(
        "no statement holds all messages of a large transaction",
        "outbox/log/writing.py",
        "if part and size",
        "if not part and size",
        f"{LOG}test_log_extremes.py::test_a_commit_of_very_much_is_one_transaction_in_the_order_of_adding",
    ),
    Twin(
        "what no table holds is kept in another form",
        "workers/relay/log_relay.py",
        "[fit_for_table(diverted[position]) for",
        "[diverted[position] for",
        f"{LOG}test_log_extremes.py::test_a_message_that_fits_no_column_is_parked_for_an_operator_and_delays_no_other",
    ),
    Twin(
        "whoever opens the log gives up a server that says nothing",
        "workers/relay/log_relay.py",
        "asyncio.timeout(_OPENING)",
        "asyncio.timeout(None)",
        f"{LOG}test_log_opening.py::test_a_relay_that_got_no_answer_connects_again",
    ),
    Twin(
        "what a stopped relay has asked is taken back",
        "_replication/stream.py",
        "threading.Thread(target=self._interrupt, daemon=True).start()",
        "pass",
        f"{LOG}test_log_opening.py::test_a_relay_is_stopped_while_its_question_waits_for_a_lock",
    ),
    Twin(
        "a server that cannot be told to take it back is hung up on",
        "_replication/stream.py",
        "self._shut_down_socket()",
        "pass",
        f"{LOG}test_log_opening.py::test_a_relay_can_be_stopped_while_its_server_cannot_be_interrupted",
    ),
)
