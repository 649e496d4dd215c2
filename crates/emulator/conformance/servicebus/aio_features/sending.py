"""Sends, batches, their limits, what a message carries, and who may send."""

import asyncio
import time

from aio_features.bus import feature, impatient
from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.amqp import AmqpAnnotatedMessage, AmqpMessageBodyType
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusError,
)
from features.bus import bodies, seconds
from features.shared import STANDARD_MESSAGE_MAX, plain, signed
from runner import CONNECTION, eq, properties, refused


@feature("send: one message arrives, delivered for the first time")
async def send_one(bus):
    await bus.send("send-one", Message("hello", message_id="send-one-1"))
    (message,) = await bus.drain("send-one")
    found = (str(message), message.message_id, message.delivery_count)
    eq(found, ("hello", "send-one-1", 0))


@feature("send: a list arrives in order, each message with its own number")
async def send_list(bus):
    await bus.send_numbers("send-list", 20)
    found = await bus.drain("send-list")
    eq(bodies(found), [str(number) for number in range(20)])
    numbers = [message.sequence_number for message in found]
    eq(numbers, list(range(numbers[0], numbers[0] + 20)), "sequence numbers")


@feature("send: a batch takes messages until it is full, and arrives whole")
async def send_batch(bus):
    async with bus.sender("send-batch") as sender:
        batch = await sender.create_message_batch()
        eq(batch.max_size_in_bytes, STANDARD_MESSAGE_MAX, "max_size_in_bytes")
        with refused(MessageSizeExceededError):
            while True:
                batch.add_message(Message(b"x" * 1000, message_id=str(len(batch))))
        count = len(batch)
        assert 200 < count < 262, f"{count} messages of 1,000 bytes fit"
        await sender.send_messages(batch)
    found = await bus.drain("send-batch")
    eq([message.message_id for message in found], [str(number) for number in range(count)])


@feature("send: a message over the limit is refused, and the sender goes on")
async def send_oversize(bus):
    async with bus.sender("send-oversize") as sender:
        with refused(MessageSizeExceededError):
            await sender.send_messages(Message(b"x" * (STANDARD_MESSAGE_MAX + 1)))
        await sender.send_messages(Message("after"))
    eq(bodies(await bus.drain("send-oversize")), ["after"])


@feature("send: a message of many frames arrives byte for byte")
async def send_large(bus):
    body = bytes(range(256)) * 1000
    await bus.send("send-large", Message(body))
    (found,) = await bus.drain("send-large")
    eq(b"".join(found.body) == body, True, "sameness")


@feature("send: several senders at once feed one queue, and nothing is lost")
async def send_senders(bus):
    async def send(first):
        async with bus.sender("send-senders") as sender:
            for number in range(first, first + 10):
                await sender.send_messages(Message(str(number)))

    await asyncio.gather(*(send(first) for first in range(0, 40, 10)))
    found = sorted(int(body) for body in bodies(await bus.drain("send-senders")))
    eq(found, list(range(40)))


@feature("send: an unknown queue is not found")
async def send_not_found(_):
    with refused(MessagingEntityNotFoundError):
        async with impatient() as bus:
            await bus.send("no-such-queue", Message("lost"))


@feature("send: a session queue takes no message without a session")
async def send_without_session(_):
    async with impatient() as bus:
        with refused(ServiceBusError, "SessionId"):
            await bus.send("sessions", Message("homeless"))


@feature("message: every broker property comes through")
async def broker_properties(bus):
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
        "time_to_live": seconds(3600),
        "application_properties": {"words": "Grüße 🚌", "number": 5, "yes": True, "none": None},
    }
    await bus.send("properties", Message("x", **sent))
    (found,) = await bus.drain("properties")
    eq(properties(found), sent.pop("application_properties"), "properties")
    for name, value in sent.items():
        eq(getattr(found, name), value, name)


@feature("body: data sections, values and sequences come through")
async def body_kinds(bus):
    value = {"list": [1, True, 1.5], "map": {"text": "words"}, "none": None}
    kinds = {
        AmqpMessageBodyType.DATA: {"data_body": [b"one", b"two", b""]},
        AmqpMessageBodyType.VALUE: {"value_body": value},
        AmqpMessageBodyType.SEQUENCE: {"sequence_body": [[1, "two"], [3.5]]},
    }
    await bus.send("body-data", *[AmqpAnnotatedMessage(**body) for body in kinds.values()])
    data, value_one, sequence = await bus.drain("body-data")
    eq([found.body_type for found in (data, value_one, sequence)], list(kinds))
    eq(list(data.body), [b"one", b"two", b""], "data")
    eq(plain(value_one.body), value, "value")
    eq(plain(list(sequence.body)), [[1, "two"], [3.5]], "sequence")


@feature("access: a wrong key is refused")
async def wrong_key(_):
    wrong = CONNECTION.replace("SAS_KEY_VALUE", "bm90LXRoZS1rZXk=")
    with refused(ServiceBusAuthenticationError, "InvalidSignature"):
        async with impatient(wrong) as bus:
            await bus.send("access", Message("lost"))


@feature("access: a token for the entity is enough, an expired or foreign one is not")
async def tokens(bus):
    now = int(time.time())
    async with impatient(signed("access", now + 24 * 3600)) as other:
        await other.send("access", Message("by token"))
    for token in (signed("access", now - 60), signed("some-other-queue", now + 3600)):
        with refused(ServiceBusAuthenticationError):
            async with impatient(token) as other:
                await other.send("access", Message("lost"))
    eq(bodies(await bus.drain("access")), ["by token"])
