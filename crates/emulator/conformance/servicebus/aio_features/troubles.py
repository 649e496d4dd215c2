"""Faults set on the control port, as the asynchronous client sees them and gets over them."""

import time

from aio_features.bus import feature, impatient, rest, take
from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import (
    MessagingEntityDisabledError,
    ServiceBusError,
    ServiceBusQuotaExceededError,
    ServiceBusServerBusyError,
)
from features.bus import DELETE, bodies
from runner import eq, fault, faults_left, refused


async def survived(bus, queue):
    """The fault of this queue happens, and every message arrives once."""
    async with bus.sender(queue) as sender:
        for number in range(3):
            message = Message(str(number), message_id=f"{queue}-{number}")
            await sender.send_messages(message)
    eq(faults_left(queue), 0, "faults left")
    async with bus.receiver(queue, **DELETE) as receiver:
        found = await take(receiver, 3)
        eq(bodies(found + await rest(receiver)), ["0", "1", "2"])


@feature("faults: server-busy is tried again by the SDK")
async def busy(bus):
    fault("fault-busy", "server-busy", count=2)
    await survived(bus, "fault-busy")


@feature("faults: refusals have their class")
async def reject(bus):
    refusals = {
        "fault-busy-always": ("com.microsoft:server-busy", ServiceBusServerBusyError),
        "fault-quota": ("amqp:resource-limit-exceeded", ServiceBusQuotaExceededError),
        "fault-disabled": ("com.microsoft:entity-disabled", MessagingEntityDisabledError),
        "fault-reject": ("com.example:odd", ServiceBusError),
    }
    for queue, (condition, error_class) in refusals.items():
        fault(queue, "reject", condition=condition)
        async with impatient() as other:
            with refused(error_class):
                await other.send(queue, Message("refused"))
        eq(await bus.drain(queue), [], queue)


@feature("faults: a detached sender is attached again, and each message arrives once")
async def detach(bus):
    fault("fault-detach", "detach", condition="amqp:link:detach-forced")
    await survived(bus, "fault-detach")


@feature("faults: a closed connection is opened again, and each message arrives once")
async def close(bus):
    fault("fault-close", "close", condition="amqp:connection:forced")
    await survived(bus, "fault-close")


@feature("faults: a lost confirmation is healed by duplicate detection")
async def drop(bus):
    fault("fault-drop", "drop-after")
    await survived(bus, "fault-drop")


@feature("faults: a delay delays")
async def delay(bus):
    fault("fault-delay", "delay", delayMs=1500)
    started = time.monotonic()
    await survived(bus, "fault-delay")
    assert 1.4 < time.monotonic() - started, "it did not"


@feature("faults: an attach that fails is tried again")
async def attach(bus):
    fault("fault-attach", "server-busy", operation="attach")
    await survived(bus, "fault-attach")
