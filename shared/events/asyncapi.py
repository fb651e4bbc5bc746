"""The AsyncAPI 3.0 document of everything Duban reads and writes on Kafka, built from the models and the topic files.

It decides nothing: what it says about a topic stands in `topics/`, what it says about an event in the models.
"""

import re
from typing import Any

from shared.events.base import Event
from shared.events.catalog import EVENTS, Topic, topics
from shared.events.envelope import JSON, STRUCTURED

BINDING = "0.5.0"
JSON_SCHEMA = "application/schema+json;version=draft-2020-12"
_TEXT = {"type": "string", "minLength": 1}
_CONTEXT: dict[str, Any] = {
    "content-type": {"type": "string", "const": JSON},
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": _TEXT,
    "ce_source": _TEXT,
    "ce_type": _TEXT,
    "ce_subject": {**_TEXT, "description": "The Kafka key: authority/name, both percent-encoded."},
    "ce_time": {"type": "string", "format": "date-time"},
    "ce_version": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Of the event's schema."},
}
_PUBLISHED: dict[str, Any] = {
    "ce_revision": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "1..n in the aggregate's stream."},
    "ce_causationid": {**_TEXT, "description": "The id of the event that this one answers."},
}
_LETTER: dict[str, Any] = {
    "reason": {**_TEXT, "description": "Why it could not be processed."},
    "topic": {**_TEXT, "description": "Where it came from."},
    "partition": {"type": "string", "pattern": "^[0-9]+$"},
    "offset": {"type": "string", "pattern": "^[0-9]+$"},
}


def schema_path(topic: str, event: type[Event]) -> str:
    """Of an event's JSON Schema, below `schemas/`."""
    return f"{topic}/{event.TYPE}.v{event.VERSION}.json"


def document(version: str) -> dict[str, Any]:
    """The whole document, JSON-ready."""
    known = topics().values()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Duban",
            "version": version,
            "description": (
                "CloudEvents 1.0 over Kafka. Everything is published in binary mode; `submissions` also takes"
                f" structured mode ({STRUCTURED})."
            ),
        },
        "defaultContentType": JSON,
        "channels": {topic.name: _channel(topic) for topic in known},
        "operations": {name: operation for topic in known for name, operation in _operations(topic)},
        "components": {
            "schemas": {
                "submissionHeaders": _headers(_CONTEXT, required=set(_CONTEXT) - {"content-type"}),
                "publishedHeaders": _headers(_CONTEXT | _PUBLISHED, required={*_CONTEXT, "ce_revision"}),
                "deadLetterHeaders": _headers(_LETTER, required=set(_LETTER)),
            },
        },
    }


def _headers(properties: dict[str, Any], required: set[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(required)}


def _channel(topic: Topic) -> dict[str, Any]:
    configuration: dict[str, Any] = {"max.message.bytes": topic.max_message_bytes}
    if topic.retention_days is not None:
        configuration["retention.ms"] = topic.retention_days * 86_400_000
    if topic.compacted:
        configuration["cleanup.policy"] = ["compact"]
    return {
        "address": topic.name,
        "description": topic.description.strip(),
        "messages": _messages(topic),
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configuration,
                "bindingVersion": BINDING,
            }
        },
    }


def _messages(topic: Topic) -> dict[str, Any]:
    key = {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": BINDING}}
    if topic.name not in EVENTS:
        return {
            "raw": {
                "title": "What could not be processed",
                "summary": "The value as it came, byte for byte: it need not be JSON.",
                "contentType": "application/octet-stream",
                "headers": {"$ref": "#/components/schemas/deadLetterHeaders"},
                "bindings": key,
            }
        }
    headers = "submissionHeaders" if topic.name == "submissions" else "publishedHeaders"
    return {f"{event.TYPE}.v{event.VERSION}": _message(topic, event, headers, key) for event in EVENTS[topic.name]}


def _message(topic: Topic, event: type[Event], headers: str, key: dict[str, Any]) -> dict[str, Any]:
    these = {"ce_type": {"const": event.TYPE}, "ce_version": {"const": str(event.VERSION)}}
    schema = {"$ref": f"./schemas/{schema_path(topic.name, event)}"}
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": JSON,
        "headers": {"allOf": [{"$ref": f"#/components/schemas/{headers}"}, {"type": "object", "properties": these}]},
        "payload": {"schemaFormat": JSON_SCHEMA, "schema": schema},
        "bindings": key,
    }


def _operations(topic: Topic) -> list[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    found = []
    for action, parties in (("send", topic.producers), ("receive", topic.consumers)):
        for party in parties:
            name = f"{re.sub(r'[^a-z0-9]+', '-', party.lower())}-{action}s-{topic.name}"
            operation = {"action": action, "channel": channel, "title": f"{party} {action}s", "tags": [{"name": party}]}
            found.append((name, operation))
    return found
