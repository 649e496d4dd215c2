"""What comes of an administrator's change, for those who send and receive."""

import threading

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import (
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusError,
)
from azure.servicebus.management import EntityStatus
from admin_features.client import admin, fresh
from features.bus import DEAD, DELETE, bodies, client, drain, drain_subscription, impatient, now, one
from features.bus import publish, rest, seconds, send
from runner import advance, eq, feature, refused


@feature("behaviour: a queue that was just made takes and gives messages, as it was made")
def made():
    name = fresh("q")
    admin.create_queue(name, requires_session=True, requires_duplicate_detection=True)
    for number in (1, 1, 2):
        send(name, Message(str(number), session_id="s", message_id=str(number)))
    with client.get_queue_receiver(name, session_id="s", **DELETE) as receiver:
        eq(bodies(rest(receiver)), ["1", "2"])


@feature("behaviour: counts tell what a queue and a subscription hold")
def counts():
    topic, name = fresh("t"), fresh("q")
    admin.create_queue(name)
    admin.create_topic(topic)
    admin.create_subscription(topic, "s")
    later = now() + seconds(3600)
    send(name, Message("a"), Message("b"), Message("later", scheduled_enqueue_time_utc=later))
    publish(topic, Message("x"), Message("later", scheduled_enqueue_time_utc=later))
    with client.get_queue_receiver(name) as receiver:
        receiver.dead_letter_message(one(receiver))
    found = admin.get_queue_runtime_properties(name)
    kinds = (
        found.active_message_count,
        found.dead_letter_message_count,
        found.scheduled_message_count,
        found.total_message_count,
    )
    eq(kinds, (1, 1, 1, 3))
    assert 0 < found.size_in_bytes < 1000, f"{found.size_in_bytes} bytes"
    eq(admin.get_topic_runtime_properties(topic).scheduled_message_count, 1, "scheduled")
    found = admin.get_subscription_runtime_properties(topic, "s")
    eq((found.active_message_count, found.total_message_count), (1, 1))


@feature("behaviour: a queue that is removed takes nothing, and its receiver is told")
def removed():
    name = fresh("q")
    admin.create_queue(name)
    told = []

    def receive():
        try:
            with impatient() as bus, bus.get_queue_receiver(name) as receiver:
                receiver.receive_messages(1, max_wait_time=30)
        except ServiceBusError as error:
            told.append(type(error))

    with impatient() as bus, bus.get_queue_sender(name) as sender:
        sender.send_messages(Message("taken"))
        drain(name)
        waiting = threading.Thread(target=receive, daemon=True)
        waiting.start()
        # Long enough for the receiver to be there; if it is not, it is refused in the same way.
        waiting.join(2)
        admin.delete_queue(name)
        waiting.join(20)
        eq(told, [MessagingEntityNotFoundError])
        with refused(MessagingEntityNotFoundError):
            sender.send_messages(Message("lost"))


@feature("behaviour: a queue that is made again is empty")
def made_again():
    name = fresh("q")
    admin.create_queue(name)
    send(name, Message("old"))
    admin.delete_queue(name)
    admin.create_queue(name)
    eq(drain(name), [])


@feature("behaviour: a disabled queue takes and gives nothing, until it is enabled")
def disabled():
    name = fresh("q")
    found = admin.create_queue(name)
    send(name, Message("kept"))
    admin.update_queue(found, status=EntityStatus.DISABLED)
    eq(admin.get_queue(name).status, EntityStatus.DISABLED, "status")
    with impatient() as bus:
        with refused(MessagingEntityDisabledError), bus.get_queue_sender(name) as sender:
            sender.send_messages(Message("refused"))
    with impatient() as bus:
        with refused(MessagingEntityDisabledError), bus.get_queue_receiver(name) as receiver:
            receiver.receive_messages(max_wait_time=1)
    admin.update_queue(found, status=EntityStatus.ACTIVE)
    eq(bodies(drain(name)), ["kept"])


@feature("behaviour: one may be disabled for senders, or for receivers, alone")
def half_disabled():
    name = fresh("q")
    found = admin.create_queue(name)
    admin.update_queue(found, status=EntityStatus.RECEIVE_DISABLED)
    send(name, Message("taken"))
    with impatient() as bus:
        with refused(MessagingEntityDisabledError), bus.get_queue_receiver(name) as receiver:
            receiver.receive_messages(max_wait_time=1)
    admin.update_queue(found, status=EntityStatus.SEND_DISABLED)
    eq(bodies(drain(name)), ["taken"])
    with impatient() as bus:
        with refused(MessagingEntityDisabledError), bus.get_queue_sender(name) as sender:
            sender.send_messages(Message("refused"))


@feature("behaviour: forwarding that is set later holds from then on")
def forwarding():
    first, second = fresh("q"), fresh("q")
    found = admin.create_queue(first)
    admin.create_queue(second)
    send(first, Message("waits"))
    admin.update_queue(found, forward_to=second)
    send(first, Message("goes on"))
    eq(bodies(drain(second)), ["waits", "goes on"])
    with refused(ServiceBusError, "auto-forwarding"):
        drain(first)


@feature("behaviour: what cannot be forwarded is a dead letter, and says why")
def forwarding_fails():
    gone, off = fresh("q"), fresh("q")
    for name in (gone, off):
        admin.create_queue(name)
    found = [admin.create_queue(fresh("q"), forward_to=name) for name in (gone, off)]
    admin.delete_queue(gone)
    admin.update_queue(admin.get_queue(off), status=EntityStatus.DISABLED)
    for source, words in zip(found, ("could not be found", "is disabled")):
        send(source.name, Message("x"))
        (dead,) = drain(source.name, **DEAD)
        assert words in dead.dead_letter_error_description, dead.dead_letter_error_description


@feature("behaviour: a topic's new time to live holds for its subscriptions", moves_clock=True)
def time_to_live():
    topic = fresh("t")
    found = admin.create_topic(topic)
    admin.create_subscription(topic, "s", default_message_time_to_live=seconds(3600))
    admin.update_topic(found, default_message_time_to_live=seconds(5))
    publish(topic, Message("short"))
    advance(6)
    eq(drain_subscription(topic, "s"), [])
    life = admin.get_subscription(topic, "s").default_message_time_to_live
    eq(life, seconds(3600), "its own time to live")
