"""Guards of transactions: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

UNIT = "tests/unit/transactions/"
REAL = "tests/integration/transactions/"
AFTER = f"{REAL}test_after_the_commit.py::"
CONSUMER = f"{UNIT}test_consumer_transactions.py::"
EVENTS = f"{REAL}test_event_handlers_within_a_turn.py::"
FORKED = f"{REAL}test_forked_processes.py::"
INBOX = "tests/unit/inbox/test_consumer.py::"
KINDS = f"{REAL}test_kinds_of_transactions.py::"
LEFT = f"{REAL}test_left_in_another_task.py::"
LOSSES = f"{REAL}test_no_silent_loss.py::"
MEMORY = "tests/unit/outbox/test_memory_conformance.py::TestMemoryUnitOfWork::"
MIDDLEWARE = f"{UNIT}test_transaction_middleware.py::"
NESTED = f"{REAL}test_nested_turns.py::"
OTHERS = f"{REAL}test_other_transactions_within.py::"
OUTBOX = f"{REAL}test_outbox_of_the_unit.py::"
RECORDED = f"{REAL}test_recorded_events.py::"
REFUSED = f"{UNIT}test_bootstrap_refusals.py::"
RETRIES = f"{REAL}test_retries.py::"
SECRETS = "tests/integration/test_secrets.py::"
SECOND = f"{REAL}test_second_sessions.py::"
STREAMS = f"{REAL}test_streams.py::"

EMITTER = "events/event_emitter.py"
ENTERING = "outbox/transaction.py"
JOINING = "unit_of_work/transaction_block.py"
RETRY = "middlewares/retry.py"
STACK = "unit_of_work/stack.py"
TURNS = "middlewares/transaction.py"
WIRING = "assembly/transactions.py"

TWINS: tuple[Twin, ...] = (
    Twin(
        "what may be a part of a database's password is not shown as its host",
        "_sqlalchemy/connecting.py",
        'if url is None or "@" in str(url.host) or',
        "if url is None or",
        f"{SECRETS}test_the_password_of_a_database_is_shown_nowhere[mariadb]",
    ),
    Twin(
        "what may be a part of a broker's password is not shown as its host",
        "message_brokers/addresses.py",
        'or "@" in f"{parts.path}{parts.query}{parts.fragment}":',
        ":",
        f"{SECRETS}test_an_address_that_drivers_would_misread_is_refused",
    ),
    Twin(
        "a separate transaction of SQLite does not wait for the one around it",
        JOINING,
        "if one_writes and open_one",
        "if not one_writes and open_one",
        f"{SECOND}test_a_separate_transaction_of_sqlite_raises_at_once_in_one_that_has_begun",
    ),
    Twin(
        "a separate transaction is not the one around it",
        JOINING,
        "with hidden_units(lambda unit: unit.place == place):",
        "with hidden_units(lambda unit: unit is None):",
        f"{SECOND}test_a_separate_transaction_is_committed_although_the_turn_fails[sqlite]",
    ),
    Twin(
        "nothing of another database joins",
        STACK,
        "raise OtherDatabase(wanted, owner.database, opened.database)",
        "return opened",
        f"{OUTBOX}test_async_with_an_outbox_of_another_engine_raises_in_a_turn[sqlite]",
    ),
    Twin(
        "a turn of another database may only read",
        TURNS,
        "unit.foreign_to = around.database",
        "pass",
        f"{OUTBOX}test_a_mediator_of_another_database_writes_nothing_within_a_turn[sqlite]",
    ),
    Twin(
        "a turn does not join a transaction of another kind",
        JOINING,
        "if not wanted.fits_in(begun_as):",
        "if wanted is unit:",
        f"{KINDS}test_a_nested_command_of_another_level_raises[sqlite]",
    ),
    Twin(
        "a turn does not join with a session of its own",
        TURNS,
        "if passed is not None and passed is not unit.session:",
        "if passed is self:",
        f"{MIDDLEWARE}test_a_session_that_was_brought_for_each_request_is_not_joined_silently",
    ),
    Twin(
        "a turn does not run in a unit that has ended",
        TURNS,
        "if not unit.is_open:\n            raise",
        "if unit is self:\n            raise",
        f"{NESTED}test_a_turn_in_a_block_that_was_committed_before_its_end_raises[sqlite]",
    ),
    Twin(
        "the primary of a fallback is a savepoint",
        "handlers/fallback.py",
        "            primary = _in_a_savepoint(primary)",
        "            pass",
        f"{NESTED}test_the_primary_of_a_fallback_that_wrote_and_raised_is_undone[sqlite]",
    ),
    Twin(
        "the rest of a chain is a savepoint",
        "requests/cor_request_handler.py",
        "        async with unit.savepoint():\n            return",
        "        if unit:\n            return",
        f"{NESTED}test_a_chain_member_that_wrote_and_raised_is_undone_alone[sqlite]",
    ),
    Twin(
        "notifications after the end of the unit raise",
        "events/event_emitter.py",
        "if unit is None and units_around():",
        "if unit is self:",
        f"{RECORDED}test_notifications_after_an_early_end_of_the_unit_raise[sqlite-rollback]",
    ),
    Twin(
        "a message goes into no other session",
        "outbox/sqlalchemy/repository.py",
        "if joined is not None and own is not joined:",
        "if joined is self:",
        f"{OUTBOX}test_a_message_for_the_session_of_the_transaction_around_a_separate_one_raises[sqlite]",
    ),
    Twin(
        "a message goes into no session over another engine",
        "outbox/sqlalchemy/repository.py",
        'raise OtherDatabase("This outbox", self.database, "another engine")',
        "pass",
        f"{OUTBOX}test_a_message_for_a_session_over_another_engine_raises[sqlite]",
    ),
    Twin(
        "a notification for an outbox needs a unit",
        "events/event_emitter.py",
        "if not self._separate:",
        "if self._separate is self:",
        f"{RECORDED}test_a_notification_in_an_outbox_without_a_unit_raises[sqlite]",
    ),
    Twin(
        "event handlers in a unit run one after the other",
        "events/event_processor.py",
        " and current_unit_of_work() is None",
        "",
        f"{EVENTS}test_event_handlers_of_a_turn_run_one_after_the_other[sqlite]",
    ),
    Twin(
        "what fails after the commit is told",
        "unit_of_work/pending.py",
        "raise AfterCommitError(errors) from errors[0]",
        "pass",
        f"{MEMORY}test_a_failing_callback_after_the_commit_raises_and_the_others_still_run",
    ),
    Twin(
        "what fails after the commit comes with the answer",
        TURNS,
        "error.answer = answer",
        "pass",
        f"{MEMORY}test_the_error_of_a_callback_after_the_commit_carries_the_answer_of_the_handler",
    ),
    Twin(
        "no retry takes it for nothing",
        "backoff.py",
        "isinstance(reason, AfterCommitError) or isinstance(error, self.give_up_on)",
        "isinstance(error, self.give_up_on)",
        f"{AFTER}test_no_retry_repeats_what_was_committed[sqlite]",
    ),
    Twin(
        "a consumer acknowledges what it has committed",
        "workers/consumer/steps.py",
        "        except AfterCommitError as error:\n            self._committed(error)\n"
        "        except Exception as error:\n            if accepted:",
        "        except Exception as error:\n            if accepted:",
        f"{AFTER}test_a_consumer_logs_it_and_acknowledges[sqlite]",
    ),
    Twin(
        "a stream that is left early says that it is undone",
        TURNS,
        "if touched and is_stream_closed(error):",
        "if touched is self:",
        f"{STREAMS}test_a_stream_that_is_left_early_is_undone_with_a_warning[sqlite]",
    ),
    Twin(
        "within a unit an attempt is a savepoint",
        RETRY,
        "handle(request) if unit is None else _within(unit, request, handle)",
        "handle(request)",
        f"{RETRIES}test_within_an_open_unit_an_attempt_takes_along_what_a_middleware_of_it_has_written[sqlite]",
    ),
    Twin(
        "within a unit nothing is repeated that undoes all of it",
        RETRY,
        "retry_in is None or (unit is not None and _undoes_all(unit, error))",
        "retry_in is None",
        f"{RETRIES}test_within_an_open_unit_what_undoes_the_whole_transaction_is_not_repeated[sqlite]",
    ),
    Twin(
        "in a consumer its policy repeats",
        RETRY,
        "if unit is not None and unit.is_held:",
        "if unit is self:",
        f"{RETRIES}test_in_the_unit_of_a_consumer_a_call_passes_through[sqlite]",
    ),
    Twin(
        "a stream that has given out something is not repeated",
        RETRY,
        "if run is not None and run.given_out > given_out:",
        "if run is self:",
        f"{STREAMS}test_a_stream_that_has_given_out_something_is_not_repeated[sqlite]",
    ),
    Twin(
        "each process has an engine of its own",
        "assembly/database.py",
        "if self._engine is None or self._process != os.getpid():",
        "if self._engine is None:",
        f"{FORKED}test_parent_and_child_use_a_database_from_one_url[postgres]",
    ),
    Twin(
        "a consumer whose units cannot be made ends",
        "workers/consumer/steps.py",
        "if isinstance(cause, Exception) and self._policy.classify(cause) is ConsumerVerdict.OUTAGE:",
        "if isinstance(cause, Exception):",
        f"{CONSUMER}test_a_function_that_needs_a_request_scope_ends_the_consumer_with_an_error",
    ),
    Twin(
        "a consumer sends nothing past its commit",
        "workers/consumer/transactions.py",
        'if getattr(mediator, "sends_without_outbox", False):',
        "if mediator is None:",
        f"{CONSUMER}test_a_mediator_with_a_broker_and_no_outbox_is_refused",
    ),
    Twin(
        "a consumer whose messages are in another database is refused",
        "workers/consumer/transactions.py",
        "if outbox is not None and None not in {outbox.place, inbox.place} and outbox.place != inbox.place:",
        "if outbox is inbox:",
        f"{CONSUMER}test_a_mediator_whose_outbox_is_in_another_database_is_refused",
    ),
    Twin(
        "one unit for all turns is refused",
        TURNS,
        "    if isinstance(factory, UnitOfWork):",
        "    if factory is None:",
        f"{MIDDLEWARE}test_arguments_that_make_no_unit_of_work_are_refused[instance]",
    ),
    Twin(
        "a sessionmaker is no maker of units",
        TURNS,
        'if isinstance(getattr(factory, "class_", None), type):',
        "if factory is None:",
        f"{MIDDLEWARE}test_arguments_that_make_no_unit_of_work_are_refused[sessionmaker]",
    ),
    Twin(
        "what is made must be a unit",
        TURNS,
        "if not isinstance(unit, UnitOfWork):",
        "if unit is None:",
        f"{MIDDLEWARE}test_a_function_that_makes_something_else_is_refused_at_the_first_turn",
    ),
    Twin(
        "an outbox without a transaction is refused",
        WIRING,
        "if transaction is None and not separate:",
        "if transaction is outbox:",
        f"{REFUSED}test_an_outbox_without_a_transaction_is_refused[bootstrap0]",
    ),
    Twin(
        "two transactions for each turn are refused",
        WIRING,
        "if database is not None and places:",
        "if database is places:",
        f"{REFUSED}test_a_transaction_middleware_beside_a_database_is_refused[bootstrap0]",
    ),
    Twin(
        "two transaction middlewares are refused",
        WIRING,
        "elif len(places) > 1:",
        "elif places is database:",
        f"{REFUSED}test_two_transaction_middlewares_are_refused[bootstrap0]",
    ),
    Twin(
        "a middleware within the transaction is refused",
        WIRING,
        "elif places and places[0] < len(middlewares) - 1:",
        "elif places is database:",
        f"{REFUSED}test_a_middleware_within_the_transaction_is_refused[bootstrap0]",
    ),
    Twin(
        "an outbox of another database is refused",
        WIRING,
        "if outbox.place is not None and outbox.place != database.place:",
        "if outbox is None:",
        f"{REFUSED}test_an_outbox_of_another_database_than_the_transactions_is_refused",
    ),
    Twin(
        "an outbox beside that of the database is refused",
        WIRING,
        "if database is not None and outbox is not None and outbox is not database.outbox:",
        "if outbox is database:",
        f"{REFUSED}test_an_outbox_beside_that_of_the_database_is_refused",
    ),
    Twin(
        "another session in the graph of a handler is refused",
        "assembly/sessions.py",
        "return JudgedInjector(injector, partial(_foreign_sessions, database))",
        "return injector",
        f"{REFUSED}test_another_session_in_the_graph_of_a_handler_is_refused[sessionmaker-transient-by_repository]",
    ),
    Twin(
        "no session is made up",
        "container/resolving/autowiring.py",
        'raise DependencyError(type_, path, *unbound_session(cls, ", which binds its session"))',
        "pass",
        f"{REFUSED}test_a_session_that_was_not_bound_is_not_made_up[by_session]",
    ),
    Twin(
        "no recorder is made up",
        "container/resolving/autowiring.py",
        "raise DependencyError(type_, path, *RECORDER)",
        "pass",
        f"{REFUSED}test_a_recorder_in_a_service_is_refused",
    ),
    Twin(
        "the open unit is found behind one that was left",
        STACK,
        "        if unit.is_around:\n            return unit if unit.is_open else None",
        "        if unit is not None:\n            return unit if unit.is_open else None",
        f"{LEFT}test_the_open_unit_is_found_after_leaving_an_iterator_over_another_database[sqlite]",
    ),
    Twin(
        "a service sees nothing of the turn that starts it",
        "workers/service.py",
        "context=context_without_turn())",
        "context=None)",
        f"{LEFT}test_a_service_that_is_started_within_a_turn_sees_nothing_of_that[sqlite]",
    ),
    Twin(
        "a task does not commit the outbox block of the one that started it",
        ENTERING,
        'self.unit.must_be_usable("commit() of an outbox")',
        "pass",
        f"{LEFT}test_a_task_cannot_commit_an_outbox_block_within_a_turn_either[sqlite]",
    ),
    Twin(
        "an outbox whose session cannot be made leaves its unit",
        ENTERING,
        "await (unit if savepoint is None else savepoint).__aexit__(type(error), error, error.__traceback__)",
        "del error",
        f"{LOSSES}test_an_outbox_whose_session_cannot_be_made_leaves_no_unit_open[sqlite]",
    ),
    Twin(
        "an outbox block that was rolled back stays so",
        ENTERING,
        "if self.rolled_back:",
        "if self is None:",
        f"{LOSSES}test_an_outbox_block_that_was_rolled_back_is_not_committed_afterwards[sqlite]",
    ),
    Twin(
        "an outbox block without a commit says that it is undone",
        ENTERING,
        "elif unsaid and self.savepoint is not None and not self.unit.is_untouched:",
        "elif self is None:",
        f"{LOSSES}test_an_outbox_block_without_a_commit_within_a_turn_warns[sqlite]",
    ),
    Twin(
        "a unit in memory that was doomed is not untouched",
        "unit_of_work/memory.py",
        " and self._doomed_by is None",
        "",
        f"{LOSSES}test_a_unit_in_memory_that_was_doomed_raises_although_nothing_was_written",
    ),
    Twin(
        "a notification that can go nowhere fails the transaction",
        EMITTER,
        "if unit is not None:  # raising undoes the unit",
        "if unit is self:  # raising undoes the unit",
        f"{LOSSES}test_a_notification_without_broker_and_outbox_raises_within_a_transaction[sqlite]",
    ),
    Twin(
        "a notification of another database waits for the turn around",
        EMITTER,
        "unit = next((each for each in reversed(units_around()) if each.foreign_to is None), unit)",
        "pass",
        f"{OTHERS}test_a_notification_of_another_database_shares_the_fate_of_the_transaction_around[sqlite-True]",
    ),
    Twin(
        "a block of another database by its name may write",
        JOINING,
        "if unit.foreign_to is not None and unit.is_untouched:",
        "if unit is database:",
        f"{OTHERS}test_a_turn_of_another_database_writes_in_a_transaction_that_its_handler_opens[sqlite]",
    ),
    Twin(
        "a batch stops at the message that dooms it",
        "workers/consumer/steps.py",
        "if unit.is_doomed:  # this message has caught an error of the database",
        "if unit is self:",
        f"{INBOX}test_a_message_whose_error_is_swallowed_costs_each_other_one_a_single_try_more[0]",
    ),
    Twin(
        "a connection that was idle is asked before a turn gets it",
        "_sqlalchemy/idle_connections.py",
        "if time.monotonic() - record.info.get(_SINCE, time.monotonic()) < _IDLE:",
        "if record is not None:",
        f"{REAL}test_idle_connections.py::test_turns_after_the_server_has_ended_idle_connections_succeed[postgres]",
    ),
    Twin(
        "objects keep their values over the commit of a unit",
        "unit_of_work/sqlalchemy/source.py",
        "if self.passed_session is None:  # a response is read",
        "if self is None:  # a response is read",
        f"{REAL}test_session_of_the_transaction.py::"
        "test_an_object_can_be_read_after_its_commit_whatever_the_sessionmaker_sets[sqlite-False]",
    ),
)
