"""Shorthand over the blocking client."""

import datetime

from azure.servicebus import ServiceBusClient, ServiceBusReceiveMode, ServiceBusSubQueue
from runner import CONNECTION

# Between two tries of the SDK: short, since nothing here is far away.
IMPATIENT = {"retry_total": 0}
QUICK = {"retry_backoff_factor": 0.05, "retry_backoff_max": 0.2}
DELETE = {"receive_mode": ServiceBusReceiveMode.RECEIVE_AND_DELETE}
DEAD = {"sub_queue": ServiceBusSubQueue.DEAD_LETTER}
# Long enough for a message that is there, and short enough to wait for one that is not.
PRESENT, ABSENT = 10, 0.3

client = ServiceBusClient.from_connection_string(CONNECTION, **QUICK)


def impatient():
    """A client that reports the first failure."""
    return ServiceBusClient.from_connection_string(CONNECTION, **IMPATIENT)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def seconds(number):
    return datetime.timedelta(seconds=number)


def send(queue, *messages):
    """Sends each message by itself."""
    with client.get_queue_sender(queue) as sender:
        for message in messages:
            sender.send_messages(message)


def publish(topic, *messages):
    with client.get_topic_sender(topic) as sender:
        for message in messages:
            sender.send_messages(message)


def take(receiver, count):
    """`count` messages, in however many pages they come."""
    found = []
    while len(found) < count:
        page = receiver.receive_messages(count - len(found), max_wait_time=PRESENT)
        assert page, f"{len(found)} messages came, not {count}"
        found += page
    return found


def one(receiver):
    (message,) = take(receiver, 1)
    return message


def nothing(receiver):
    """There is no message to be had."""
    found = receiver.receive_messages(1, max_wait_time=ABSENT)
    assert not found, f"there is a message: {found[0]}"


def drain(queue, **options):
    """Everything in a queue, taken away."""
    with client.get_queue_receiver(queue, **DELETE, **options) as receiver:
        return rest(receiver)


def drain_subscription(topic, subscription, **options):
    with client.get_subscription_receiver(topic, subscription, **DELETE, **options) as receiver:
        return rest(receiver)


def rest(receiver):
    found = []
    while page := receiver.receive_messages(100, max_wait_time=ABSENT):
        found += page
    return found


def bodies(messages):
    return [str(message) for message in messages]
