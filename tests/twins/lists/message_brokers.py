"""Guards of brokers and sources: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

NATS = "tests/integration/message_brokers/test_nats.py::"
PERMISSIONS = "tests/integration/message_brokers/test_nats_permissions.py::"
OF_OTHERS = "tests/integration/message_brokers/test_cloudevents_of_others.py::"
REDIS = "tests/integration/message_brokers/test_redis.py::"

AMQP = "tests/integration/message_brokers/test_amqp.py::"
LANE = "tests/unit/message_brokers/test_kafka_lane.py::"
MEMORY = "tests/unit/message_brokers/test_memory_broker.py::TestMemoryBroker::"
PROGRESS = "tests/unit/message_brokers/test_kafka_progress.py::"

TWINS = (
    Twin(
        "a message that cannot be read arrives with the reason",
        "message_brokers/foreign.py",
        "rest[UNREADABLE] = _reason(error)",
        "pass",
        f"{MEMORY}test_an_unreadable_message_is_delivered_with_the_reason_and_delays_no_other",
    ),
    Twin(
        "what a function of the user raises holds up nothing",
        "message_brokers/foreign.py",
        "        return otherwise(error)\n",
        "        raise\n",
        f"{AMQP}test_a_message_that_ones_own_function_cannot_read_arrives_with_the_reason",
    ),
    Twin(
        "what was taken is kept while what reads it is away (RabbitMQ)",
        "message_brokers/amqp/source.py",
        "self._subscription.put_back(messages)",
        "pass",
        f"{AMQP}test_nothing_is_lost_if_a_custom_read_function_cannot_reach_its_server",
    ),
    Twin(
        "a header in Latin-1 ends no connection (RabbitMQ)",
        "message_brokers/amqp/link.py",
        "        tolerate_undecodable_headers()\n",
        "",
        f"{AMQP}test_a_message_that_the_driver_cannot_decode_does_not_end_the_connection",
    ),
    Twin(
        "what was under way when a channel was closed is sent again (RabbitMQ)",
        "message_brokers/amqp/publisher.py",
        "attempt >= _ATTEMPTS or not self._is_collateral(error)",
        "True",
        f"{AMQP}test_a_topic_without_the_right_to_write_is_refused_by_name_and_the_others_leave",
    ),
    Twin(
        "headers larger than a frame are not sent (RabbitMQ)",
        "message_brokers/amqp/refusals.py",
        "if exact > frame else None",
        "if False else None",
        f"{AMQP}test_headers_that_are_too_large_are_rejected_and_the_others_arrive[one]",
    ),
    Twin(
        "a partition that goes during a commit is not looked for (Kafka)",
        "message_brokers/kafka/progress.py",
        "for _, window, position in done:",
        "for window, position in [(windows[tp], position) for tp, _, position in done]:",
        f"{PROGRESS}test_a_partition_that_is_released_while_a_commit_is_awaited_ends_nothing",
    ),
    Twin(
        "a refused commit is not tried again at once (Kafka)",
        "message_brokers/kafka/progress.py",
        "self._failing, self._tried_at = True, loop.time()",
        "self._failing = True",
        f"{PROGRESS}test_a_refused_commit_is_tried_again_after_the_interval_and_logged_once",
    ),
    Twin(
        "what the driver still holds is not given to it twice (Kafka)",
        "message_brokers/kafka/lane.py",
        "if index is not None:",
        "if False:",
        f"{LANE}test_a_record_under_way_for_an_abandoned_call_is_not_sent_twice",
    ),
    Twin(
        "headers count for the size of a message (NATS)",
        "message_brokers/nats/broker.py",
        "if in_headers + len(envelope.body) > max_payload:",
        "if len(envelope.body) > max_payload:",
        f"{NATS}test_a_message_may_be_as_large_with_its_headers_as_the_server_says_and_no_larger[named-1]",
    ),
    Twin(
        "a subject that is forbidden is refused at once (NATS)",
        "message_brokers/nats/link.py",
        "if len({subject for _, subject in found}) == 1:",
        "if False:",
        f"{PERMISSIONS}test_a_topic_that_the_user_may_not_send_to_is_refused_by_name_and_the_others_leave",
    ),
    Twin(
        "of two subjects that may be meant, none is refused (NATS)",
        "message_brokers/nats/link.py",
        "if len({subject for _, subject in found}) == 1:",
        "if found:",
        f"{PERMISSIONS}test_two_topics_that_differ_in_case_alone_are_not_taken_for_each_other",
    ),
    Twin(
        "whether a stream takes a subject is asked once (NATS)",
        "message_brokers/nats/broker.py",
        "if envelope.topic not in lookups:",
        "if True:",
        f"{NATS}test_of_a_batch_whether_a_stream_takes_a_subject_is_asked_once",
    ),
    Twin(
        "a source that is closed lets its last request end first (NATS)",
        "message_brokers/nats/source.py",
        "await self._pull.until_no_request_is_open(_LAST_REQUEST)",
        "pass",
        f"{NATS}test_messages_given_back_at_the_end_are_not_sent_to_the_source_that_ends",
    ),
    Twin(
        "what a living member has in hand is renewed (NATS)",
        "message_brokers/nats/source.py",
        "self._renewing.start()",
        "pass",
        f"{NATS}test_unsettled_messages_of_a_living_member_go_to_no_other",
    ),
    Twin(
        "it is renewed for a while, not for ever (NATS)",
        "message_brokers/nats/source.py",
        "in self._unacknowledged.values() if until > now]",
        "in self._unacknowledged.values()]",
        f"{NATS}test_messages_kept_longer_than_allowed_go_to_another_member",
    ),
    Twin(
        "a topic that is forbidden does not keep the others (Redis)",
        "message_brokers/redis/broker.py",
        "if not isinstance(outage.reason, NoPermissionError):",
        "if True:",
        f"{REDIS}test_a_topic_that_the_user_may_not_write_is_refused_by_name_and_the_others_leave",
    ),
    Twin(
        "a message that a script cannot take does not stop it (Redis)",
        "message_brokers/redis/broker.py",
        "local called, answer = pcall(add)",
        "local called, answer = true, add()",
        f"{REDIS}test_a_message_with_more_headers_than_a_script_takes_is_refused_alone",
    ),
    Twin(
        "a name of a field is any bytes (Redis)",
        "message_brokers/redis/source.py",
        "text_of(name): text_of(value)",
        "name.decode(): text_of(value)",
        f"{REDIS}test_an_entry_of_another_program_arrives_whatever_is_in_it[a field whose name is no text]",
    ),
    Twin(
        "what a living member has in hand is renewed (Redis)",
        "message_brokers/redis/source.py",
        "self._renewing.start()",
        "pass",
        f"{REDIS}test_unsettled_messages_of_a_living_member_go_to_no_other",
    ),
    Twin(
        "it is renewed for a while, not for ever (Redis)",
        "message_brokers/redis/source.py",
        "if until > now:",
        "if True:",
        f"{REDIS}test_messages_kept_longer_than_allowed_go_to_another_member",
    ),
    Twin(
        "a server that has become a replica is left by the source (Redis)",
        "message_brokers/redis/link.py",
        "if isinstance(error, ReadOnlyError):",
        "if False:",
        f"{REDIS}test_a_server_that_has_become_a_replica_is_left",
    ),
    Twin(
        "a server that has become a replica is left by the broker (Redis)",
        "message_brokers/redis/broker.py",
        "if any(answer.startswith(_READ_ONLY) for answer in answers):",
        "if False:",
        f"{REDIS}test_a_server_that_has_become_a_replica_is_left",
    ),
    Twin(
        "a CloudEvent is readable whatever its other headers say",
        "message_brokers/cloudevents/format.py",
        " if name != UNREADABLE",
        "",
        f"{OF_OTHERS}test_a_cloudevent_of_another_program_is_read[rabbitmq, binary, with properties]",
    ),
    Twin(
        "a CloudEvent of another program needs no content type",
        "message_brokers/cloudevents/wrappers.py",
        "or envelope.name == envelope.topic",
        "",
        f"{OF_OTHERS}test_a_cloudevent_of_another_program_is_read[nats, structured, without headers]",
    ),
)
