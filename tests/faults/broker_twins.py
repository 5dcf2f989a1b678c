"""What each guard of brokers and sources is for: without it, the test that is named here fails.

`make twins` takes them out one at a time, as those of the relay in `twins.py`.
"""

from __future__ import annotations

import sys

from tests.faults.twins import Twin, take_out

NATS = "tests/integration/message_brokers/test_nats.py::"
PERMISSIONS = "tests/integration/message_brokers/test_nats_permissions.py::"
OF_OTHERS = "tests/integration/message_brokers/test_cloudevents_of_others.py::"
REDIS = "tests/integration/message_brokers/test_redis.py::"

TWINS = (
    Twin(
        "headers count for the size of a message (NATS)",
        "message_brokers/nats.py",
        "if in_headers + len(envelope.body) > max_payload:",
        "if len(envelope.body) > max_payload:",
        f"{NATS}test_a_message_may_be_as_large_with_its_headers_as_the_server_says_and_no_larger[named-1]",
    ),
    Twin(
        "a subject that is forbidden is refused at once (NATS)",
        "adapters/nats_link.py",
        "if len({subject for _, subject in found}) == 1:",
        "if False:",
        f"{PERMISSIONS}test_a_topic_that_the_user_may_not_send_to_is_refused_by_name_and_the_others_leave",
    ),
    Twin(
        "of two subjects that may be meant, none is refused (NATS)",
        "adapters/nats_link.py",
        "if len({subject for _, subject in found}) == 1:",
        "if found:",
        f"{PERMISSIONS}test_two_topics_that_differ_in_case_alone_are_not_taken_for_each_other",
    ),
    Twin(
        "whether a stream takes a subject is asked once (NATS)",
        "message_brokers/nats.py",
        "if envelope.topic not in asked:",
        "if True:",
        f"{NATS}test_of_a_batch_whether_a_stream_takes_a_subject_is_asked_once",
    ),
    Twin(
        "what a living member has in hand is renewed (NATS)",
        "message_brokers/nats_source.py",
        "self._renewing.start()",
        "pass",
        f"{NATS}test_what_a_living_member_has_in_hand_does_not_go_to_another",
    ),
    Twin(
        "it is renewed for a while, not for ever (NATS)",
        "message_brokers/nats_source.py",
        "in self._unsettled.values() if until > now]",
        "in self._unsettled.values()]",
        f"{NATS}test_what_a_member_keeps_for_longer_than_it_may_goes_to_another",
    ),
    Twin(
        "a topic that is forbidden does not keep the others (Redis)",
        "message_brokers/redis.py",
        "if not isinstance(outage.reason, NoPermissionError):",
        "if True:",
        f"{REDIS}test_a_topic_that_the_user_may_not_write_is_refused_by_name_and_the_others_leave",
    ),
    Twin(
        "a message that a script cannot take does not stop it (Redis)",
        "message_brokers/redis.py",
        "local called, answer = pcall(add)",
        "local called, answer = true, add()",
        f"{REDIS}test_a_message_with_more_headers_than_a_script_takes_is_refused_alone",
    ),
    Twin(
        "a name of a field is any bytes (Redis)",
        "message_brokers/redis_source.py",
        "text_of(name): text_of(value)",
        "name.decode(): text_of(value)",
        f"{REDIS}test_an_entry_of_another_program_arrives_whatever_is_in_it[a field whose name is no text]",
    ),
    Twin(
        "what a living member has in hand is renewed (Redis)",
        "message_brokers/redis_source.py",
        "self._renewing.start()",
        "pass",
        f"{REDIS}test_what_a_living_member_has_in_hand_does_not_go_to_another",
    ),
    Twin(
        "it is renewed for a while, not for ever (Redis)",
        "message_brokers/redis_source.py",
        "if until > now:",
        "if True:",
        f"{REDIS}test_what_a_member_keeps_for_longer_than_it_may_goes_to_another",
    ),
    Twin(
        "a server that has become a replica is left by the source (Redis)",
        "message_brokers/redis_server.py",
        "if isinstance(error, ReadOnlyError):",
        "if False:",
        f"{REDIS}test_a_server_that_has_become_a_replica_is_left",
    ),
    Twin(
        "a server that has become a replica is left by the broker (Redis)",
        "message_brokers/redis.py",
        "if any(answer.startswith(_READ_ONLY) for answer in answers):",
        "if False:",
        f"{REDIS}test_a_server_that_has_become_a_replica_is_left",
    ),
    Twin(
        "a CloudEvent is readable whatever its other headers say",
        "message_brokers/cloudevents_format.py",
        " if name != UNREADABLE",
        "",
        f"{OF_OTHERS}test_a_cloudevent_of_another_program_is_read[rabbitmq, binary, with properties]",
    ),
    Twin(
        "a CloudEvent of another program needs no content type",
        "message_brokers/cloudevents.py",
        "or envelope.name == envelope.topic",
        "",
        f"{OF_OTHERS}test_a_cloudevent_of_another_program_is_read[nats, structured, without headers]",
    ),
)


if __name__ == "__main__":
    sys.exit(take_out(TWINS, *sys.argv[1:]))
