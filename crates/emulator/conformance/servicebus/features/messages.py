"""What a message carries comes out as it went in."""

import datetime
import uuid

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.amqp import AmqpAnnotatedMessage, AmqpMessageBodyType, AmqpMessageHeader
from azure.servicebus.amqp import AmqpMessageProperties
from features.bus import drain, seconds, send
from features.shared import plain
from runner import eq, feature, properties, text


@feature("message: every broker property comes through")
def broker_properties():
    sent = {
        "message_id": "id-1",
        "content_type": "application/json",
        "correlation_id": "correlation-1",
        "subject": "a subject",
        "to": "to-address",
        "reply_to": "reply-address",
        "reply_to_session_id": "reply-session",
        "session_id": "partition-1",
        "partition_key": "partition-1",
    }
    send("properties", Message("x", time_to_live=seconds(3600), **sent))
    (found,) = drain("properties")
    for name, value in sent.items():
        eq(getattr(found, name), value, name)
    eq(found.time_to_live, seconds(3600), "time_to_live")
    eq(found.expires_at_utc, found.enqueued_time_utc + seconds(3600), "expires_at_utc")


@feature("message: application properties of every type come through")
def typed_properties():
    sent = {
        "text": "words",
        "small": 7,
        "negative": -7,
        "large": 2**31 - 1,
        "fraction": 1.5,
        "yes": True,
        "no": False,
        "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "time": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "nothing": None,
    }
    send("typed-properties", Message("x", application_properties=sent))
    (message,) = drain("typed-properties")
    found = {text(key): value for key, value in message.application_properties.items()}
    eq(set(found), set(sent), "names")
    eq(found.pop("time"), int(sent.pop("time").timestamp() * 1000), "time")
    eq(text(found.pop("text")), sent.pop("text"), "text")
    for name, value in sent.items():
        eq(found[name], value, name)
        eq(type(found[name]), type(value), f"type of {name}")


@feature("message: text outside ASCII comes through everywhere")
def unicode():
    words = "Grüße, 世界 🚌"
    sent = Message(words, subject=words, application_properties={words: words})
    send("unicode", sent)
    (found,) = drain("unicode")
    eq(str(found), words, "body")
    eq(found.subject, words, "subject")
    eq(properties(found), {words: words}, "properties")


@feature("message: header, annotations and footer come through")
def annotations():
    sent = AmqpAnnotatedMessage(
        data_body=b"x",
        header=AmqpMessageHeader(priority=7, durable=True),
        annotations={"x-mine": 5, "x-words": "yes"},
        footer={"checksum": "abc"},
        properties=AmqpMessageProperties(message_id="annotated", user_id=b"me"),
    )
    send("annotations", sent)
    raw = drain("annotations")[0].raw_amqp_message
    eq(raw.header.priority, 7, "priority")
    eq(raw.header.durable, True, "durable")
    found = {text(key): text(value) for key, value in raw.annotations.items()}
    eq(found.get("x-mine"), 5, "x-mine")
    eq(found.get("x-words"), "yes", "x-words")
    eq({text(key): text(value) for key, value in raw.footer.items()}, {"checksum": "abc"}, "footer")
    eq(raw.properties.user_id, b"me", "user_id")


@feature("body: text comes through as data")
def body_text():
    send("body-text", Message("words"))
    (found,) = drain("body-text")
    eq(found.body_type, AmqpMessageBodyType.DATA, "body_type")
    eq(list(found.body), [b"words"], "body")


@feature("body: several data sections stay apart")
def body_data():
    send("body-data", AmqpAnnotatedMessage(data_body=[b"one", b"two", b""]))
    (found,) = drain("body-data")
    eq(found.body_type, AmqpMessageBodyType.DATA, "body_type")
    eq(list(found.body), [b"one", b"two", b""], "body")


@feature("body: a value of nested kinds comes through")
def body_value():
    value = {"list": [1, -(2**31), True, 1.5], "map": {"text": "words"}, "none": None}
    send("body-value", AmqpAnnotatedMessage(value_body=value))
    (found,) = drain("body-value")
    eq(found.body_type, AmqpMessageBodyType.VALUE, "body_type")
    eq(plain(found.body), value, "body")


@feature("body: sequences come through")
def body_sequence():
    send("body-sequence", AmqpAnnotatedMessage(sequence_body=[[1, "two"], [3.5]]))
    (found,) = drain("body-sequence")
    eq(found.body_type, AmqpMessageBodyType.SEQUENCE, "body_type")
    eq(plain(list(found.body)), [[1, "two"], [3.5]], "body")
