"""How much an entity and a message may hold."""

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import ServiceBusError, ServiceBusQuotaExceededError
from admin_features.client import admin, fresh
from features.bus import client, drain, impatient, now, seconds
from runner import eq, feature, refused

QUARTER = 250_000


def fill(name, total=4):
    """Sends quarters of a megabyte to an entity that holds one, until it is full."""
    with impatient() as bus, bus.get_queue_sender(name) as sender:
        for _ in range(total):
            sender.send_messages(Message(b"x" * QUARTER))
        with refused(ServiceBusQuotaExceededError, "quota of 1 megabytes"):
            sender.send_messages(Message(b"x" * QUARTER))


@feature("quotas: a full queue refuses, and takes again when there is room")
def full_queue():
    name = fresh("q")
    admin.create_queue(name, max_size_in_megabytes=1)
    fill(name)
    with client.get_queue_receiver(name) as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=10)
        receiver.complete_message(message)
    fill(name, 1)
    assert 4 * QUARTER < admin.get_queue_runtime_properties(name).size_in_bytes <= 1 << 20
    eq(len(drain(name)), 4, "messages")
    eq(admin.get_queue_runtime_properties(name).size_in_bytes, 0, "bytes when it is empty")


@feature("quotas: dead letters and scheduled messages count")
def hidden_messages():
    name = fresh("q")
    admin.create_queue(name, max_size_in_megabytes=1)
    with client.get_queue_sender(name) as sender:
        sender.schedule_messages(Message(b"x" * QUARTER), now() + seconds(3600))
        sender.send_messages(Message(b"x" * QUARTER))
    with client.get_queue_receiver(name) as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=10)
        receiver.dead_letter_message(message)
    fill(name, 2)


@feature("quotas: a full topic refuses")
def full_topic():
    name = fresh("t")
    admin.create_topic(name, max_size_in_megabytes=1)
    admin.create_subscription(name, "s")
    fill(name)


@feature("quotas: a full queue may be made larger")
def larger():
    name = fresh("q")
    found = admin.create_queue(name, max_size_in_megabytes=1)
    fill(name)
    admin.update_queue(found, max_size_in_megabytes=1024)
    with client.get_queue_sender(name) as sender:
        sender.send_messages(Message(b"x" * QUARTER))
    eq(len(drain(name)), 5, "messages")


@feature("quotas: ids of 128 characters and no more")
def ids():
    name = fresh("q")
    admin.create_queue(name)
    with impatient() as bus, bus.get_queue_sender(name) as sender:
        with refused(ServiceBusError, "128"):
            sender.send_messages(raw(message_id="x" * 129))
        with refused(ServiceBusError, "128"):
            sender.send_messages(raw(group_id="x" * 129))
        sender.send_messages(raw(message_id="x" * 128, group_id="y" * 128))
    eq(len(drain(name)), 1, "messages")


@feature("quotas: properties of 32 KB, 64 KB together, and no more")
def property_sizes():
    name = fresh("q")
    admin.create_queue(name)
    with impatient() as bus, bus.get_queue_sender(name) as sender:
        for sizes in ((33_000,), (30_000, 30_000, 10_000)):
            large = {str(number): "x" * size for number, size in enumerate(sizes)}
            with refused(ServiceBusError, "larger than 65536"):
                sender.send_messages(Message("x", application_properties=large))
        sender.send_messages(Message("x", application_properties={"a": "x" * 32_000}))
    eq(len(drain(name)), 1, "messages")


def raw(**properties):
    """A message whose ids the SDK does not measure."""
    from azure.servicebus.amqp import AmqpAnnotatedMessage, AmqpMessageProperties

    return AmqpAnnotatedMessage(data_body=b"x", properties=AmqpMessageProperties(**properties))
