"""Single sends, lists, batches, their limits, and who may send."""

import time

from azure.servicebus import ServiceBusClient, ServiceBusMessage as Message
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusError,
)
from features.bus import IMPATIENT, bodies, client, drain, impatient, one, send, take
from features.shared import STANDARD_MESSAGE_MAX, signed
from runner import CONNECTION, eq, feature, refused


@feature("send: one message arrives, delivered for the first time")
def send_one():
    send("send-one", Message("hello", message_id="send-one-1"))
    with client.get_queue_receiver("send-one") as receiver:
        message = one(receiver)
        receiver.complete_message(message)
    eq(str(message), "hello")
    eq(message.message_id, "send-one-1", "message_id")
    eq(message.delivery_count, 0, "delivery_count")


@feature("send: a list arrives in order, each message with its own number")
def send_list():
    with client.get_queue_sender("send-list") as sender:
        sender.send_messages([Message(str(number)) for number in range(20)])
    found = drain("send-list")
    eq(bodies(found), [str(number) for number in range(20)])
    numbers = [message.sequence_number for message in found]
    eq(numbers, list(range(numbers[0], numbers[0] + 20)), "sequence numbers")


@feature("send: a batch takes messages until it is full, and arrives whole")
def send_batch():
    with client.get_queue_sender("send-batch") as sender:
        batch = sender.create_message_batch()
        eq(batch.max_size_in_bytes, STANDARD_MESSAGE_MAX, "max_size_in_bytes")
        try:
            while True:
                batch.add_message(Message(b"x" * 1000, message_id=str(len(batch))))
        except MessageSizeExceededError:
            count = len(batch)
        assert 200 < count < 262, f"{count} messages of 1,000 bytes fit"
        sender.send_messages(batch)
    found = drain("send-batch")
    eq([message.message_id for message in found], [str(number) for number in range(count)])


@feature("send: a batch keeps to a smaller limit of one's own")
def send_small_batch():
    with client.get_queue_sender("send-small-batch") as sender:
        batch = sender.create_message_batch(max_size_in_bytes=1000)
        batch.add_message(Message(b"x" * 500))
        with refused(MessageSizeExceededError):
            batch.add_message(Message(b"x" * 500))
        sender.send_messages(batch)
        with refused(ValueError, "too large"):
            sender.create_message_batch(max_size_in_bytes=STANDARD_MESSAGE_MAX + 1)
    eq(len(drain("send-small-batch")), 1, "messages")


@feature("send: a message over the limit is refused, and the sender goes on")
def send_oversize():
    with client.get_queue_sender("send-oversize") as sender:
        with refused(MessageSizeExceededError):
            sender.send_messages(Message(b"x" * (STANDARD_MESSAGE_MAX + 1)))
        sender.send_messages(Message("after"))
    eq(bodies(drain("send-oversize")), ["after"])


@feature("send: a message of many frames arrives byte for byte")
def send_large():
    body = bytes(range(256)) * 1000
    send("send-large", Message(body))
    (found,) = drain("send-large")
    eq(b"".join(found.body) == body, True, "sameness")


@feature("send: an empty body arrives empty")
def send_empty():
    send("send-empty", Message(b""))
    (found,) = drain("send-empty")
    eq(b"".join(found.body), b"")


@feature("send: messages without an id get one each")
def send_without_id():
    send("send-without-id", Message("a"), Message("b"))
    first, second = drain("send-without-id")
    assert first.message_id and second.message_id, "an id is missing"
    assert first.message_id != second.message_id, "both have one id"


@feature("send: several senders of one client and of another feed one queue")
def send_senders():
    with client.get_queue_sender("send-senders") as first:
        with client.get_queue_sender("send-senders") as second:
            with impatient() as other, other.get_queue_sender("send-senders") as third:
                for number, sender in enumerate([first, second, third] * 3):
                    sender.send_messages(Message(str(number)))
    eq(bodies(drain("send-senders")), [str(number) for number in range(9)])


@feature("send: numbers and enqueued times grow")
def send_sequence():
    send("send-sequence", Message("a"), Message("b"))
    first, second = drain("send-sequence")
    eq(second.sequence_number, first.sequence_number + 1, "the second's number")
    eq(second.enqueued_sequence_number, second.sequence_number, "its enqueued number")
    assert first.enqueued_time_utc <= second.enqueued_time_utc, "the second is earlier"


@feature("send: a closed sender says so")
def send_closed():
    sender = client.get_queue_sender("send-one")
    sender.close()
    with refused(ValueError, "shutdown"):
        sender.send_messages(Message("late"))


@feature("send: an unknown queue is not found")
def send_not_found():
    with refused(MessagingEntityNotFoundError):
        with impatient() as bus, bus.get_queue_sender("no-such-queue") as sender:
            sender.send_messages(Message("lost"))


@feature("send: a session queue takes no message without a session")
def send_without_session():
    with impatient() as bus, bus.get_queue_sender("sessions") as sender:
        with refused(ServiceBusError, "SessionId"):
            sender.send_messages(Message("homeless"))


@feature("access: a wrong key is refused")
def wrong_key():
    wrong = CONNECTION.replace("SAS_KEY_VALUE", "bm90LXRoZS1rZXk=")
    with refused(ServiceBusAuthenticationError, "InvalidSignature"):
        with ServiceBusClient.from_connection_string(wrong, **IMPATIENT) as bus:
            with bus.get_queue_sender("access") as sender:
                sender.send_messages(Message("lost"))


@feature("access: a token for the entity is enough")
def entity_token():
    # Further ahead than all that the suites move the clock.
    granted = signed("access", int(time.time()) + 24 * 3600)
    with ServiceBusClient.from_connection_string(granted, **IMPATIENT) as bus:
        with bus.get_queue_sender("access") as sender:
            sender.send_messages(Message("by token"))
        with bus.get_queue_receiver("access") as receiver:
            message = take(receiver, 1)[0]
            receiver.complete_message(message)
    eq(str(message), "by token")


@feature("access: an expired token is refused")
def expired_token():
    expired = signed("access", int(time.time()) - 60)
    with refused(ServiceBusAuthenticationError, "expired"):
        with ServiceBusClient.from_connection_string(expired, **IMPATIENT) as bus:
            with bus.get_queue_sender("access") as sender:
                sender.send_messages(Message("lost"))


@feature("access: a token for another entity is refused")
def foreign_token():
    foreign = signed("some-other-queue", int(time.time()) + 24 * 3600)
    with refused(ServiceBusAuthenticationError, "InvalidAudience"):
        with ServiceBusClient.from_connection_string(foreign, **IMPATIENT) as bus:
            with bus.get_queue_sender("access") as sender:
                sender.send_messages(Message("lost"))
