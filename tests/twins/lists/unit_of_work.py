"""Guards of sessions and units of work: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

REAL = "tests/integration/transactions/"
BEGIN = f"{REAL}test_on_begin.py::"
ENDED = f"{REAL}test_ended_past_the_unit.py::"
KEPT = f"{REAL}test_kept_sessions.py::"
KINDS = f"{REAL}test_kinds_of_transactions.py::"
ENGINES = f"{REAL}test_refused_engines.py::"
LEFT = f"{REAL}test_left_in_another_task.py::"
LISTENERS = f"{REAL}test_listeners_of_the_session.py::"
LOSSES = f"{REAL}test_no_silent_loss.py::"
SCHEMAS = f"{REAL}test_schemas.py::"
MISSING = f"{REAL}test_missing_tables.py::"
MEMORY = "tests/unit/outbox/test_memory_conformance.py::TestMemoryUnitOfWork::"
NESTED = f"{REAL}test_nested_turns.py::"
NOTES = f"{REAL}test_error_notes.py::"
OTHERS = f"{REAL}test_other_transactions_within.py::"
RAW = f"{REAL}test_driver_connections.py::"
RECORDED = f"{REAL}test_recorded_events.py::"
RETRIES = f"{REAL}test_retries.py::"
SECOND = f"{REAL}test_second_sessions.py::"
SESSION = f"{REAL}test_session_of_the_transaction.py::"
SHARED = f"{REAL}test_shared_connections.py::"
STREAMS = f"{REAL}test_streams.py::"
SWALLOWED = f"{REAL}test_swallowed_errors.py::"

DRIVER = "_sqlalchemy/driver.py"
EXPLAINED = "unit_of_work/sqlalchemy/explaining.py"
GUARDS = "unit_of_work/sqlalchemy/guards.py"
PORT = "unit_of_work/protocol.py"
PROXY = "unit_of_work/sqlalchemy/session.py"
REFUSING = "unit_of_work/sqlalchemy/refusing.py"
SAVEPOINT = "unit_of_work/sqlalchemy/savepoint.py"
SOURCE = "unit_of_work/sqlalchemy/source.py"
TASK = "unit_of_work/owner.py"
UNITS = "unit_of_work/sqlalchemy/unit.py"

TWINS: tuple[Twin, ...] = (
    Twin(
        "what a listener adds when the COMMIT was sent is refused",
        GUARDS,
        "unit.is_committing = False  # from now on, what a listener of the commit writes would be lost",
        "pass",
        f"{LISTENERS}test_messages_added_after_the_commit_was_sent_are_refused[sqlite]",
    ),
    Twin(
        "what a listener of a flush adds waits for its end",
        "outbox/sqlalchemy/adding.py",
        "if session._warn_on_events:",
        "if session is model:",
        f"{LISTENERS}test_messages_added_by_a_listener_are_committed[sqlite-after_insert-flushed by the commit]",
    ),
    Twin(
        "a listener of the commit adds to it",
        UNITS,
        "return self.is_open or (self.is_committing and self._session is not None)",
        "return self.is_open",
        f"{LISTENERS}test_messages_added_by_a_listener_are_committed[sqlite-before_commit-flushed before]",
    ),
    Twin(
        "SQLite in memory is refused",
        REFUSING,
        "if is_in_memory(url):",
        "if url is argument:",
        f"{ENGINES}test_the_address_of_a_database_in_memory_is_refused[sqlite://]",
    ),
    Twin(
        "a pool of one connection is refused",
        REFUSING,
        "if isinstance(engine.pool, (StaticPool, SingletonThreadPool)):",
        "if engine is argument:",
        f"{ENGINES}test_a_pool_of_one_connection_is_refused[an outbox]",
    ),
    Twin(
        "sessions over several engines are refused",
        REFUSING,
        'if options.get("binds"):',
        "if options is argument:",
        f"{ENGINES}test_sessions_over_several_engines_are_refused[an outbox]",
    ),
    Twin(
        "a translation of schemas is refused",
        REFUSING,
        "if given is not None and given.get(_MAP):",
        "if given is argument:",
        f"{ENGINES}test_a_translation_of_schemas_is_refused[an outbox]",
    ),
    Twin(
        "a transaction of a schema begins with its search path",
        "_sqlalchemy/schemas.py",
        "connection.exec_driver_sql(search_path(schema))",
        "pass",
        f"{SCHEMAS}test_each_tenant_has_its_rows_and_messages",
    ),
    Twin(
        "two schemas of one engine are two databases",
        "unit_of_work/sqlalchemy/place.py",
        "return cls(engine.dialect, schema_of(engine), engine.url)",
        "return cls(engine.dialect, None, engine.url)",
        f"{SCHEMAS}test_objects_of_another_schema_are_refused_within_a_transaction",
    ),
    Twin(
        "two schemas of one engine have two channels",
        "wakeups/announcing.py",
        'topic = topic if schema is None else f"{schema}.{topic}"',
        "del schema",
        f"{SCHEMAS}test_a_commit_wakes_the_relay_of_its_schema",
    ),
    Twin(
        "a missing table says nothing about the message that met it",
        "workers/outage_errors.py",
        "(BrokerUnavailable, CircuitOpenError, InboxConflict, MigrationNeeded)",
        "(BrokerUnavailable, CircuitOpenError, InboxConflict)",
        f"{MISSING}test_a_consumer_parks_nothing_while_a_table_is_missing[sqlite]",
    ),
    Twin(
        "no statement is run beside the open transaction",
        GUARDS,
        '_refuse_other_session(units, connection.engine, "Another session or connection runs a statement")',
        "pass",
        f"{SECOND}test_a_second_session_raises_although_the_transaction_has_not_begun[sqlite-by_a_connection]",
    ),
    Twin(
        "no object is added to a session beside the open transaction's",
        GUARDS,
        '_refuse_other_session(units, None if bind is None else bind.engine, "An object is added to another session")',
        "del bind",
        f"{SECOND}test_an_object_that_is_added_to_another_session_raises[sqlite]",
    ),
    Twin(
        "an engine that commits each statement by itself has no transactions",
        UNITS,
        "if commits_each_statement(connection):",
        "if connection.closed:",
        f"{SECOND}test_an_engine_that_commits_each_statement_by_itself_is_refused_for_transactions[sqlite]",
    ),
    Twin(
        "the session of a unit that has ended does not begin again",
        GUARDS,
        "    if not (unit.is_open or unit.is_committing):",
        "    if unit is session:",
        f"{KEPT}test_a_session_whose_unit_has_ended_raises_when_it_begins_again[sqlite-execute]",
    ),
    Twin(
        "the session of a unit that has ended is told so before it waits for a lock",
        GUARDS,
        '@event.listens_for(Session, "after_begin", insert=True)',
        '@event.listens_for(Session, "after_begin")',
        f"{KEPT}test_it_raises_in_the_next_turn_too[sqlite]",
    ),
    Twin(
        "nobody commits the connection of an open unit",
        GUARDS,
        "    if unit is not None and unit.is_open:\n        raise",
        "    if unit is connection:\n        raise",
        f"{ENDED}test_a_commit_past_the_unit_raises_and_commits_nothing[sqlite-commit_the_connection]",
    ),
    Twin(
        "nobody commits the session of an open unit",
        GUARDS,
        "    if unit is not None and unit.is_open and not session.in_nested_transaction():",
        "    if unit is session:",
        f"{ENDED}test_a_commit_of_the_session_is_refused_before_anything_happens[sqlite]",
    ),
    Twin(
        "a rollback of the connection past the unit is noticed",
        GUARDS,
        'unit.lost("its connection was rolled back, and not by the unit of work")',
        "del unit",
        f"{ENDED}test_a_turn_that_was_ended_past_the_unit_raises[sqlite-roll_back_the_connection]",
    ),
    Twin(
        "a session that was ended and has begun again is noticed",
        UNITS,
        "        if self._root is not None:\n            self.lost(_PAST_THE_UNIT)\n",
        "",
        f"{ENDED}test_objects_pending_at_a_rollback_past_the_unit_are_not_committed_with_later_writes[sqlite-close_the_session]",
    ),
    Twin(
        "a session that was ended and has not begun again is noticed",
        UNITS,
        "self._root not in {None, self._session.sync_session.get_transaction()}",
        "self._root is self",
        f"{ENDED}test_objects_pending_at_a_rollback_past_the_unit_are_not_lost_silently[sqlite-close_the_session]",
    ),
    Twin(
        "a unit whose transaction was lost is not committed",
        UNITS,
        "if self._lost is not None:",
        "if self._lost is self:",
        f"{ENDED}test_a_rollback_after_an_error_that_was_caught_raises[sqlite]",
    ),
    Twin(
        "no second unit over the database of an open one",
        UNITS,
        "if other is not self and other.is_open and other.place is not None and other.place == self.place:",
        "if other is None:",
        f"{SECOND}test_a_second_unit_over_the_database_of_an_open_one_raises[sqlite]",
    ),
    Twin(
        "no second unit over the session of an open one",
        UNITS,
        "if around is not None and around.is_open:",
        "if around is self:",
        f"{SECOND}test_a_second_unit_over_a_session_that_another_task_has_brought_raises[sqlite]",
    ),
    Twin(
        "a unit is not opened twice",
        TASK,
        "        if self._units is not None:\n            raise",
        "        if self._units is self:\n            raise",
        f"{MEMORY}test_an_open_unit_of_work_cannot_be_opened_again",
    ),
    Twin(
        "a unit is for the task that has opened it",
        TASK,
        "            raise OtherTask(wanted)",
        "            pass",
        f"{MEMORY}test_another_task_cannot_use_an_open_unit_of_work",
    ),
    Twin(
        "a unit that was not used yet is not given to another task",
        TASK,
        "        except ValueError:\n            return\n",
        "        except ValueError:\n            now = entered_units.get()\n",
        f"{SESSION}test_gathered_writes_raise_and_undo_the_turn[sqlite]",
    ),
    Twin(
        "a session finds the transaction of its own database only",
        PROXY,
        "and unit.is_around and unit.place == place",
        "and unit.is_around",
        f"{SESSION}test_each_of_two_open_transactions_has_its_own[sqlite]",
    ),
    Twin(
        "a nested turn is a savepoint",
        PORT,
        "async with self.savepoint():",
        "if True:",
        f"{NESTED}test_a_nested_turn_that_fails_and_is_caught_is_undone_alone[sqlite]",
    ),
    Twin(
        "what begins in a savepoint is undone with it",
        UNITS,
        "            elif self.is_begun:\n                await self._start_over()",
        "            self.is_begun",
        f"{NESTED}test_a_nested_turn_before_the_first_statement_is_undone_alone[sqlite]",
    ),
    Twin(
        "what is raw in a nested turn comes after its savepoint",
        "unit_of_work/sqlalchemy/savepoint.py",
        "if self.unit.hands_out_the_driver:",
        "if self.unit is self:",
        f"{RAW}test_a_connection_that_was_kept_writes_in_the_savepoint_of_a_nested_turn[sqlite]",
    ),
    Twin(
        "what is raw comes after the transaction has begun",
        DRIVER,
        "if is_in_transaction is not None and not is_in_transaction():",
        "if is_in_transaction is session:",
        f"{RAW}test_writes_of_the_driver_that_come_first_are_undone_with_the_transaction[postgres]",
    ),
    Twin(
        "a turn of a batch that failed dooms that",
        PORT,
        "                except BaseException as error:\n                    self.doom(error)\n"
        "                    raise",
        "                except BaseException:\n                    raise",
        f"{MEMORY}test_a_failed_turn_dooms_its_whole_batch_although_the_error_is_caught",
    ),
    Twin(
        "a unit that is doomed is not committed",
        PORT,
        "if self._doomed_by is not None:\n            raise",
        "if self._doomed_by is self:\n            raise",
        f"{MEMORY}test_a_doomed_unit_of_work_commits_nothing",
    ),
    Twin(
        "a stream that others have crossed dooms its unit",
        PORT,
        "if stream is not None and stream.is_crossed:",
        "if stream is self:",
        f"{STREAMS}test_the_turn_around_a_stream_does_not_write_between_its_chunks_into_its_savepoint[sqlite]",
    ),
    Twin(
        "a unit that is held is ended by nobody within",
        PORT,
        "if self.is_held:\n            raise",
        "if self is None:\n            raise",
        f"{MEMORY}test_a_held_transaction_cannot_be_ended_from_within",
    ),
    Twin(
        "what is kept in memory is undone with its savepoint",
        PORT,
        "            self.journal.undo_to(mark)",
        "            del mark",
        f"{MEMORY}test_a_rolled_back_savepoint_drops_its_callbacks_before_the_commit",
    ),
    Twin(
        "what is kept in memory is undone with a savepoint of the session",
        UNITS,
        "            self.journal.undo_to(mark)",
        "            del mark",
        f"{RECORDED}test_events_recorded_in_an_undone_savepoint_of_the_session_are_dropped[sqlite]",
    ),
    Twin(
        "what was recorded is undone with the whole unit",
        PORT,
        "        self._end_as(how)\n        self._take_back()\n",
        "        self._end_as(how)\n",
        f"{RECORDED}test_notifications_before_an_early_end_of_the_unit_do_not_leave[sqlite-rollback]",
    ),
    Twin(
        "records that nobody reads raise",
        "middlewares/transaction.py",
        "            unit.require_all_read()",
        "            pass",
        f"{RECORDED}test_a_handler_that_calls_another_handler_raises[sqlite]",
    ),
    Twin(
        "records that nobody reads raise in a turn that touches no database",
        UNITS,
        "return self._session is None and self._journal is None and",
        "return self._session is None and",
        f"{RECORDED}test_an_unread_recorder_raises_in_a_transaction_that_touches_no_database[sqlite]",
    ),
    Twin(
        "the session of the transaction commits nothing",
        PROXY,
        "async def commit(self)",
        "async def _commit(self)",
        f"{SESSION}test_ending_it_raises_and_changes_nothing[sqlite-commit]",
    ),
    Twin(
        "the session of the transaction rolls nothing back",
        PROXY,
        "async def rollback(self)",
        "async def _rollback(self)",
        f"{SESSION}test_ending_it_raises_and_changes_nothing[sqlite-rollback]",
    ),
    Twin(
        "the session of the transaction is not closed",
        PROXY,
        "aclose = reset = invalidate = close",
        "_closing = close",
        f"{SESSION}test_ending_it_raises_and_changes_nothing[sqlite-invalidate]",
    ),
    Twin(
        "the session of the transaction begins savepoints",
        PROXY,
        'has begun already."""\n        return Savepoint(self._unit)',
        'has begun already."""\n        return self.real.begin()',
        f"{SESSION}test_begin_is_a_savepoint[sqlite]",
    ),
    Twin(
        "a transaction that reads only refuses writes on SQLite and MariaDB",
        UNITS,
        "if self.options.read_only and self._session is not None and",
        "if self.options is self and self._session is not None and",
        f"{KINDS}test_a_command_that_reads_only_cannot_write[sqlite]",
    ),
    Twin(
        "a transaction that reads only refuses writes on PostgreSQL",
        SOURCE,
        "chosen |= known.read_only_options",
        "pass",
        f"{KINDS}test_a_command_that_reads_only_cannot_write[postgres]",
    ),
    Twin(
        "a transaction has the level that it asks for",
        SOURCE,
        'chosen["isolation_level"] = level',
        "pass",
        f"{KINDS}test_a_command_has_the_level_of_its_class[postgres-strict]",
    ),
    Twin(
        "each transaction begins with what it needs first",
        UNITS,
        "if self.source.on_begin is not None:",
        "if self.source.on_begin is self:",
        f"{BEGIN}test_the_tenant_is_set_again_after_a_first_nested_turn_that_was_undone",
    ),
    Twin(
        "a serialization failure is a conflict",
        EXPLAINED,
        "_is_lost(cause)):",
        "cause is unit):",
        f"{RETRIES}test_a_serialization_failure_is_a_conflict",
    ),
    Twin(
        "a row that has changed is a conflict",
        EXPLAINED,
        "isinstance(cause, StaleDataError) or ",
        "",
        f"{RETRIES}test_a_deleted_row_is_a_conflict_too[sqlite]",
    ),
    Twin(
        "an interrupted statement says so",
        EXPLAINED,
        "if cause is error and isinstance(cause, PendingRollbackError):",
        "if cause is unit:",
        f"{NOTES}test_an_interrupted_statement_whose_error_was_caught_ends_the_transaction[postgres-True]",
    ),
    Twin(
        "an exhausted pool says so",
        EXPLAINED,
        "        PoolTimeout,\n        (",
        "        ZeroDivisionError,\n        (",
        f"{NOTES}test_an_exhausted_pool_is_reported[sqlite]",
    ),
    Twin(
        "a locked file says so",
        EXPLAINED,
        "Meaning.LOCKED,",
        "Meaning.DOOMED,",
        f"{NOTES}test_a_locked_database_is_reported",
    ),
    Twin(
        "a savepoint that a failed flush has undone raises at its end",
        SAVEPOINT,
        "undone = type_ is None and not self.ended and not self.is_active",
        "undone = False",
        f"{SWALLOWED}test_the_end_of_the_savepoint_raises[sqlite-nested_send]",
    ),
    Twin(
        "it says which error has undone it",
        GUARDS,
        "unit.note_failure()",
        "pass",
        f"{SWALLOWED}test_the_end_of_the_savepoint_raises[sqlite-block_of_the_database]",
    ),
    Twin(
        "an error of the application stays what it is",
        EXPLAINED,
        "if cause is error and (isinstance(cause, StaleDataError)",
        "if (isinstance(cause, StaleDataError)",
        f"{SWALLOWED}test_an_error_of_the_application_is_raised_whatever_it_was_raised_from[sqlite]",
    ),
    Twin(
        "a savepoint that is left in another task is not undone there",
        SAVEPOINT,
        "if not self.unit.is_here:",
        "if self.unit is None:",
        f"{LEFT}test_a_turn_that_wrote_after_leaving_an_iterator_with_a_savepoint_is_doomed[sqlite-True]",
    ),
    Twin(
        "nor is one that nothing had begun before",
        UNITS,
        "if not self.is_here:",
        "if self is None:",
        f"{LEFT}test_a_turn_that_wrote_after_leaving_an_iterator_with_a_savepoint_is_doomed[sqlite-False]",
    ),
    Twin(
        "what is raw in a savepoint of the session comes after it",
        SAVEPOINT,
        "if self.unit.hands_out_the_driver:",
        "if self.unit is None:",
        f"{LOSSES}test_writes_of_the_driver_in_a_savepoint_of_the_session_are_undone_with_it[sqlite-begin_nested]",
    ),
    Twin(
        "an AfterCommitError that leaves a unit is that unit's own",
        PORT,
        "return TransactionDoomed(error) if isinstance(error, AfterCommitError) else error",
        "return error",
        f"{OTHERS}test_a_message_whose_handler_ends_with_such_an_error_comes_again[sqlite-1]",
    ),
    Twin(
        "an AfterCommitError that fails the commit is not that unit's own",
        PORT,
        "except AfterCommitError as error:",
        "except ZeroDivisionError as error:",
        f"{OTHERS}test_a_callback_before_the_commit_that_ends_with_such_an_error_dooms_the_turn[sqlite]",
    ),
    Twin(
        "a unit that could not begin gives the session back",
        PORT,
        "            self.leave()\n            await self._end()\n            raise",
        "            self.leave()\n            raise",
        f"{SHARED}test_a_session_whose_unit_could_not_begin_is_its_owners_again[sqlite-CancelledError]",
    ),
    Twin(
        "a unit leaves its connection to others",
        UNITS,
        "del self._marked_info[UNIT]",
        "pass",
        f"{SHARED}test_a_connection_that_a_unit_had_before_is_no_longer_its_own[sqlite-commit]",
    ),
    Twin(
        "two open units have no connection in common",
        UNITS,
        "if other is not None and other is not self and other.is_open:",
        "if other is self.source:",
        f"{SHARED}test_no_unit_that_shares_its_connection_is_lost_without_a_word[True]",
    ),
    Twin(
        "another session does not begin on the connection of an open unit",
        GUARDS,
        "if other is not None and other.is_open and OF_A_UNIT not in session.info:",
        "if other is session:",
        f"{SHARED}test_a_session_of_another_task_cannot_begin_on_the_connection_of_a_unit",
    ),
    Twin(
        "what had begun before writes nothing in the turn of another database",
        UNITS,
        "if self.foreign_to is not None:\n            refuse_writes(",
        "if self.foreign_to is not None and not again:\n            refuse_writes(",
        f"{OTHERS}test_a_session_that_was_brought_begun_writes_nothing_in_the_turn_of_another_database[sqlite]",
    ),
    Twin(
        "a query that begins with a comment reads",
        DRIVER,
        r"(\s|/\*.*?\*/|--[^\n]*\n)*",
        r"\s*",
        f"{OTHERS}test_a_turn_of_another_database_may_read_with_any_query[sqlite-several]",
    ),
    Twin(
        "a task does not end the unit of the one that started it",
        PORT,
        'self.must_be_usable("commit() or rollback()")',
        "pass",
        f"{LEFT}test_a_task_cannot_end_the_unit_of_the_one_that_started_it[sqlite-commit]",
    ),
    Twin(
        "a task that outlives its turn is not in its unit",
        TASK,
        "return self._open or (self._units is not None and self.is_here)",
        "return True",
        f"{LEFT}test_a_task_that_outlives_its_turn_may_open_a_transaction_of_its_own[sqlite]",
    ),
    Twin(
        "a task that outlives its turn keeps nothing of it",
        PORT,
        "self._forget_what_waits()  # a task that was started in the block",
        "pass  # a task that was started in the block",
        f"{LEFT}test_a_task_that_outlives_its_turn_keeps_nothing_of_what_that_noted[sqlite]",
    ),
)
