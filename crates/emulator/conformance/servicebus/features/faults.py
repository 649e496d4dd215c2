"""Faults set on the control port, as the SDK sees them and gets over them."""

import time

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import (
    MessagingEntityDisabledError,
    ServiceBusError,
    ServiceBusQuotaExceededError,
    ServiceBusServerBusyError,
)
from features.bus import DELETE, bodies, client, drain, impatient, one, send
from runner import eq, fault, faults_left, feature, refused


def refusal(queue, error_class):
    """A send that the SDK must give up on, with this class."""
    with impatient() as bus, bus.get_queue_sender(queue) as sender:
        with refused(error_class):
            sender.send_messages(Message("refused"))
        sender.send_messages(Message("after"))
    eq(bodies(drain(queue)), ["after"])


@feature("faults: server-busy is tried again by the SDK")
def busy():
    fault("fault-busy", "server-busy", count=2)
    send("fault-busy", Message("x"))
    eq(faults_left("fault-busy"), 0, "faults left")
    eq(bodies(drain("fault-busy")), ["x"])


@feature("faults: server-busy without end is reported as such")
def busy_always():
    fault("fault-busy-always", "server-busy")
    refusal("fault-busy-always", ServiceBusServerBusyError)


@feature("faults: a rejection by quota, or of a disabled entity, has its class")
def reject():
    fault("fault-quota", "reject", condition="amqp:resource-limit-exceeded")
    refusal("fault-quota", ServiceBusQuotaExceededError)
    fault("fault-disabled", "reject", condition="com.microsoft:entity-disabled")
    refusal("fault-disabled", MessagingEntityDisabledError)


@feature("faults: a rejection that the SDK does not know is a plain error")
def reject_unknown():
    fault("fault-reject", "reject", condition="com.example:odd")
    refusal("fault-reject", ServiceBusError)


@feature("faults: a detached sender is attached again, and the message arrives once")
def detach():
    fault("fault-detach", "detach", condition="amqp:link:detach-forced")
    with client.get_queue_sender("fault-detach") as sender:
        for number in range(3):
            sender.send_messages(Message(str(number)))
    eq(faults_left("fault-detach"), 0, "faults left")
    eq(bodies(drain("fault-detach")), ["0", "1", "2"])


@feature("faults: a closed connection is opened again, and the message arrives once")
def close():
    fault("fault-close", "close", condition="amqp:connection:forced")
    with client.get_queue_sender("fault-close") as sender:
        for number in range(3):
            sender.send_messages(Message(str(number)))
    eq(faults_left("fault-close"), 0, "faults left")
    eq(bodies(drain("fault-close")), ["0", "1", "2"])


@feature("faults: a lost confirmation is healed by duplicate detection")
def drop():
    fault("fault-drop", "drop-after")
    send("fault-drop", Message("x", message_id="drop-1"))
    eq(faults_left("fault-drop"), 0, "faults left")
    eq(bodies(drain("fault-drop")), ["x"])


@feature("faults: a delay delays")
def delay():
    fault("fault-delay", "delay", delayMs=1500)
    with client.get_queue_sender("fault-delay") as sender:
        started = time.monotonic()
        sender.send_messages(Message("x"))
        assert 1.4 < time.monotonic() - started, "it did not"
    eq(bodies(drain("fault-delay")), ["x"])


@feature("faults: an attach that fails is tried again")
def attach():
    fault("fault-attach", "server-busy", operation="attach", count=1)
    send("fault-attach", Message("x"))
    eq(faults_left("fault-attach"), 0, "faults left")
    eq(bodies(drain("fault-attach")), ["x"])


@feature("faults: a receiver gets over a closed connection")
def receiver():
    with client.get_queue_receiver("fault-receiver", **DELETE) as receiver:
        send("fault-receiver", Message("before"))
        eq(str(one(receiver)), "before")
        fault("fault-receiver", "close", operation="attach", condition="amqp:connection:forced")
        send("fault-receiver", Message("after"))
        eq(str(one(receiver)), "after")
