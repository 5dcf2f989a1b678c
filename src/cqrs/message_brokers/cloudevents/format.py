"""Convert envelopes to CloudEvents 1.0 and back.

==================  ==============================================================================
``id``              ``message_id``
``type``            ``name``
``source``          the ``source`` of the ``CloudEventsBroker``
``datacontenttype`` ``content_type``; in binary mode the header ``content-type``, as it is, and on NATS this attribute
``partitionkey``    ``key``, after the extension of this name
``traceparent``     the header of this name, after the extension for distributed tracing
``dataversion``     ``version``, an extension of ours, absent for 1
``dataencoding``    ``content_encoding``, an extension of ours, in structured mode
==================  ==============================================================================
"""

from __future__ import annotations

import base64
import dataclasses
import uuid
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, unquote

from pydantic_core import from_json, to_json

from cqrs.envelope import JSON, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqrs.envelope import Envelope

STRUCTURED = "application/cloudevents+json"

_AMQP = ("cloudevents_", "cloudevents:")  # producers use either
_NATS = "ce-"
_NOT_QUOTED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')

_TRACING = ("traceparent", "tracestate")
_ENVELOPE = {"specversion", "id", "type", "partitionkey", "dataversion"}
_DOCUMENT = {*_ENVELOPE, *_TRACING, "datacontenttype", "dataencoding", "data", "data_base64"}


def to_binary(envelope: Envelope, source: str, prefix: str) -> Envelope:
    """The CloudEvent in binary mode: the same body, with the attributes in headers."""
    attributes = _attributes(envelope, source)
    if prefix == _NATS:
        attributes["datacontenttype"] = envelope.content_type
        attributes = {name: quote(value, safe=_NOT_QUOTED) for name, value in attributes.items()}
    in_headers = {f"{prefix}{name}": value for name, value in attributes.items()}
    return dataclasses.replace(envelope, headers={**envelope.headers, **in_headers})


def from_binary(envelope: Envelope, prefix: str) -> Envelope | None:
    """The envelope of a CloudEvent in binary mode; ``None`` if ``envelope`` is none."""
    attributes, others = dict[str, str](), dict[str, str]()
    lower = prefix.lower()
    prefixes = _AMQP if lower in _AMQP else (lower,)
    for name, value in envelope.headers.items():
        if name.lower().startswith(prefixes):
            attributes[name[len(prefix) :].lower()] = unquote(value) if prefix == _NATS else value
        else:
            others[name] = value
    if not _is_event(attributes):
        return None
    opened = dataclasses.replace(envelope, content_type=attributes.get("datacontenttype", envelope.content_type))
    return _read(opened, attributes, {*_ENVELOPE, *_TRACING, "datacontenttype"}, others, prefix)


def to_structured(envelope: Envelope, source: str) -> Envelope:
    """The CloudEvent in structured mode: a JSON document with body and attributes.

    The body is in it as JSON if that keeps every byte, otherwise in base64.
    """
    document: dict[str, Any] = {**_attributes(envelope, source), "datacontenttype": envelope.content_type}
    data = None if envelope.content_encoding or envelope.content_type != JSON else _exact(envelope.body)
    if envelope.content_encoding is not None:
        document["dataencoding"] = envelope.content_encoding
    if data is None:
        document["data_base64"] = base64.b64encode(envelope.body).decode()
    else:
        (document["data"],) = data
    return dataclasses.replace(envelope, body=to_json(document), content_type=STRUCTURED, content_encoding=None)


def from_structured(envelope: Envelope, prefix: str) -> Envelope | None:
    """The envelope of a CloudEvent in structured mode; ``None`` if ``envelope`` is none."""
    document = _document(envelope.body)
    body = None if document is None else _body(document)
    if document is None or body is None:
        return None
    opened = dataclasses.replace(
        envelope,
        body=body,
        content_type=str(document.get("datacontenttype", JSON)),
        content_encoding=None if document.get("dataencoding") is None else str(document["dataencoding"]),
    )
    attributes = {name: v if isinstance(v, str) else to_json(v).decode() for name, v in document.items()}
    return _read(opened, attributes, _DOCUMENT, envelope.headers, prefix)


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        parsed = from_json(body)
    except ValueError:
        return None
    if not isinstance(parsed, dict):
        return None
    document = {name: value for name, value in cast("dict[str, Any]", parsed).items() if value is not None}
    return document if _is_event(document) else None


def _body(document: Mapping[str, Any]) -> bytes | None:
    data = document.get("data")
    if "data_base64" in document:
        try:
            return base64.b64decode(document["data_base64"], validate=True)
        except (TypeError, ValueError):
            return None
    if isinstance(data, str) and not _is_json(str(document.get("datacontenttype", JSON))):
        return data.encode()
    return to_json(data) if "data" in document else b""


def _attributes(envelope: Envelope, source: str) -> dict[str, str]:
    optional = {
        "partitionkey": envelope.key,
        "dataversion": None if envelope.version == 1 else str(envelope.version),
        **{name: envelope.headers.get(name) for name in _TRACING},
    }
    needed = {"specversion": "1.0", "id": str(envelope.message_id), "source": source, "type": envelope.name}
    return {**needed, **{name: value for name, value in optional.items() if value is not None}}


def _is_event(attributes: Mapping[str, Any]) -> bool:
    return all(isinstance(attributes.get(name), str) for name in ("specversion", "id", "source", "type"))


def _read(
    envelope: Envelope, attributes: Mapping[str, str], known: set[str], headers: Mapping[str, str], prefix: str
) -> Envelope:
    version = attributes.get("dataversion", "1")
    tracing = {name: attributes[name] for name in _TRACING if name in attributes}
    unknown = {f"{prefix}{name}": value for name, value in attributes.items() if name not in known}
    return dataclasses.replace(
        envelope,
        message_id=_message_id(attributes["id"], attributes["source"]),
        name=attributes["type"],
        key=attributes.get("partitionkey", envelope.key),
        version=int(version) if version.isdecimal() else envelope.version,
        headers={name: value for name, value in {**tracing, **headers, **unknown}.items() if name != UNREADABLE},
    )


def _message_id(event_id: str, source: str) -> uuid.UUID:
    try:
        return uuid.UUID(event_id)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{source}#{event_id}")


def _exact(body: bytes) -> tuple[Any] | None:
    """The JSON value of ``body``, as a tuple of one, if encoding it gives the same bytes again; otherwise ``None``."""
    try:
        values = from_json(body, allow_inf_nan=False)
        return (values,) if to_json(values) == body else None
    except ValueError:
        return None


def _is_json(content_type: str) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    return media == JSON or media.endswith("+json")
