"""What may arrive: texts, bytes and documents that no sane producer sends."""

from __future__ import annotations

import json
import os
import uuid
import zlib
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cqrs.envelope import Envelope

EXAMPLES = int(os.environ.get("CQRS_TEST_EXAMPLES", "200"))
"""How many inputs each test makes; 10,000 now and then."""

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

DEEP = 200_000
LONG_NUMBER = "9" * 10_000

_ANY = st.text(st.characters(), max_size=40)  # with NUL, and with halves of surrogate pairs
_KNOWN = st.sampled_from(
    ["", " ", "0", "-1", "1e9", "99999999999999999999", "None", "null", "\0", "\ud800", "é", "a" * 70_000, "\r\nx: y"]
)
texts = st.one_of(_ANY, _KNOWN)
"""Any text, and those that trouble is known of."""

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just(10**400), st.just("\0")
)
values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
"""Any value that JSON can say, and some that it cannot."""

_DOCUMENTS = (
    b"",
    b"\xff\xfe",
    b"\x00",
    b"null",
    b"{",
    b'{"payload": NaN}',
    b'{"a": 1, "a": 2}',
    b"[" * DEEP,
    b"[" * DEEP + b"]" * DEEP,
    b'{"payload":' * DEEP + b"1" + b"}" * DEEP,
    LONG_NUMBER.encode(),
    b'{"payload": ' + LONG_NUMBER.encode() + b"}",
    b'"\\ud800"',
    b'{"payload": "\\ud800"}',
    b"\xef\xbb\xbf{}",
    zlib.compress(b"0" * 100_000),
    zlib.compress(b"0" * 100_000)[:-7],
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(_DOCUMENTS),
    values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["payload", "event_id", "event_name", "topic"]), values, max_size=4).map(
        lambda fields: json.dumps(fields).encode()
    ),
)
"""Any bytes, JSON of any kind, and documents that trouble is known of."""

OURS = ("message-id", "message-name", "message-version", "message-key", "content-type", "content-encoding")

names = st.one_of(st.sampled_from([*OURS, "traceparent", "correlation-id", "ce-id", "ce_id", ""]), texts)
"""Names of headers."""

ids = st.one_of(st.uuids().map(str), texts)
headers = st.one_of(
    st.dictionaries(names, texts, max_size=8),
    st.fixed_dictionaries(
        {"message-id": ids, "message-name": st.one_of(st.just("ordered"), texts)},
        optional=dict.fromkeys(OURS[2:], texts),
    ),
)
"""Headers as text: those of ours with any value, and others."""

types = st.one_of(st.sampled_from(["application/json", "application/protobuf", "text/plain; charset=x"]), texts)
encodings = st.one_of(st.none(), st.sampled_from(["zlib", "gzip", "identity", "utf-8"]), texts)


@st.composite
def envelopes(draw: Any, name: str = "ordered", topic: str = "orders") -> Envelope:
    """Messages with an id, and anything else."""
    return Envelope(
        message_id=uuid.uuid4(),
        name=draw(st.one_of(st.just(name), st.just(name), texts)),
        topic=draw(st.one_of(st.just(topic), texts)),
        body=draw(bodies),
        key=draw(st.one_of(st.none(), texts)),
        version=draw(st.one_of(st.just(1), st.integers())),
        content_type=draw(types),
        content_encoding=draw(encodings),
        headers=draw(st.dictionaries(names.filter(lambda given: given not in OURS), texts, max_size=4)),
    )
