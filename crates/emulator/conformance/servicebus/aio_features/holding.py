"""Deferral, scheduling, peeking, locks and time to live."""

import asyncio

from aio_features.bus import feature, nothing, one
from azure.servicebus import ServiceBusMessage as Message, ServiceBusMessageState as State
from azure.servicebus.aio import AutoLockRenewer
from azure.servicebus.exceptions import MessageLockLostError, MessageNotFoundError
from features.bus import DEAD, DELETE, bodies, now, seconds
from features.shared import WORK_SECONDS
from runner import advance, emulator_now, eq, refused


async def deferred(bus, queue, body):
    """Sends one message and defers it; its number."""
    await bus.send(queue, Message(body))
    async with bus.receiver(queue) as receiver:
        message = await one(receiver)
        await receiver.defer_message(message)
    return message.sequence_number


@feature("defer: a deferred message is had by its number alone")
async def defer(bus):
    number = await deferred(bus, "defer", "later")
    async with bus.receiver("defer") as receiver:
        await nothing(receiver)
        (message,) = await receiver.receive_deferred_messages(number)
        eq(str(message), "later")
        await receiver.complete_message(message)
        eq(await receiver.peek_messages(), [])


@feature("defer: several are had at once, and an unknown number is not found")
async def defer_many(bus):
    numbers = [await deferred(bus, "defer-many", str(number)) for number in range(3)]
    async with bus.receiver("defer-many", **DELETE) as receiver:
        with refused(MessageNotFoundError):
            await receiver.receive_deferred_messages(999)
        eq(bodies(await receiver.receive_deferred_messages(numbers)), ["0", "1", "2"])


@feature("defer: a deferred message is abandoned, deferred again and dead-lettered")
async def defer_settle(bus):
    number = await deferred(bus, "defer-settle", "x")
    async with bus.receiver("defer-settle") as receiver:
        settlements = (receiver.abandon_message, receiver.defer_message, receiver.dead_letter_message)
        for settle in settlements:
            (message,) = await receiver.receive_deferred_messages(number)
            await settle(message)
    eq(bodies(await bus.drain("defer-settle", **DEAD)), ["x"])


@feature("schedule: a message comes at its time and not before", moves_clock=True)
async def schedule(bus):
    async with bus.sender("schedule") as sender:
        (number,) = await sender.schedule_messages(Message("later"), emulator_now() + seconds(100))
    async with bus.receiver("schedule", **DELETE) as receiver:
        await nothing(receiver)
        (waiting,) = await receiver.peek_messages()
        eq((waiting.state, waiting.sequence_number), (State.SCHEDULED, number))
        advance(101)
        eq(str(await one(receiver)), "later")


@feature("schedule: a list gets a number each, and is cancelled, once")
async def schedule_list(bus):
    async with bus.sender("schedule-list") as sender:
        messages = [Message(str(number)) for number in range(5)]
        numbers = await sender.schedule_messages(messages, now() + seconds(3600))
        eq(len(set(numbers)), 5, "numbers")
        await sender.cancel_scheduled_messages(numbers)
        with refused(MessageNotFoundError):
            await sender.cancel_scheduled_messages(numbers[0])
    async with bus.receiver("schedule-list") as receiver:
        eq(await receiver.peek_messages(), [])


@feature("peek: shows messages without locking or counting them, from a number on")
async def peek_from(bus):
    await bus.send_numbers("peek-from", 6)
    async with bus.receiver("peek-from") as receiver:
        first = await receiver.peek_messages(2)
        then = first[-1].sequence_number + 1
        found = await receiver.peek_messages(10, sequence_number=then)
        eq(bodies(first + found), [str(number) for number in range(6)])
        eq((await one(receiver)).delivery_count, 0, "delivery_count")


@feature("peek: tells active, deferred and scheduled messages apart")
async def peek_states(bus):
    await deferred(bus, "peek-states", "deferred")
    later = now() + seconds(3600)
    messages = (Message("active"), Message("later", scheduled_enqueue_time_utc=later))
    await bus.send("peek-states", *messages)
    async with bus.receiver("peek-states") as receiver:
        found = [(str(message), message.state) for message in await receiver.peek_messages(10)]
    expected = [("deferred", State.DEFERRED), ("active", State.ACTIVE), ("later", State.SCHEDULED)]
    eq(found, expected)


@feature("lock: lasts as long as the queue says, and renewing it puts its end off", moves_clock=True)
async def renew(bus):
    await bus.send("lock-renew", Message("x"))
    async with bus.receiver("lock-renew") as receiver:
        message = await one(receiver)
        before = message.locked_until_utc
        left = before - emulator_now()
        assert seconds(0) < left <= seconds(5), f"{left} of 5 seconds are left"
        for _ in range(3):
            advance(3)
            renewed = await receiver.renew_message_lock(message)
        assert before + seconds(9) <= renewed, f"the lock ends at {renewed}"
        await receiver.complete_message(message)


@feature("lock: once over, settling and renewing fail and the message comes again", moves_clock=True)
async def expiry(bus):
    await bus.send("lock-expiry", Message("x", message_id="l-1"))
    async with bus.receiver("lock-expiry") as receiver:
        lost = await one(receiver)
        advance(6)
        with refused(MessageLockLostError):
            await receiver.renew_message_lock(lost)
        again = await one(receiver)
        eq((again.message_id, again.delivery_count), ("l-1", 1))
        with refused(MessageLockLostError):
            await receiver.complete_message(lost)
        await receiver.complete_message(again)


@feature("renewer: keeps a message's lock while it is worked on")
async def renewed_message(bus):
    await bus.send("lock-auto-renew", Message("slow"))
    async with AutoLockRenewer() as renewer, bus.receiver("lock-auto-renew") as receiver:
        message = await one(receiver)
        renewer.register(receiver, message, max_lock_renewal_duration=60)
        await asyncio.sleep(WORK_SECONDS)
        await receiver.complete_message(message)
        eq(await receiver.peek_messages(), [])


@feature("expiry: a message whose time is over is gone", moves_clock=True)
async def expire(bus):
    await bus.send("expire", Message("short", time_to_live=seconds(5)), Message("long"))
    advance(6)
    eq(bodies(await bus.drain("expire")), ["long"])


@feature("expiry: a queue may keep what expired as dead letters", moves_clock=True)
async def expire_dead(bus):
    await bus.send("expire-dead", Message("late"))
    advance(6)
    (dead,) = await bus.drain("expire-dead", **DEAD)
    eq((str(dead), dead.dead_letter_reason), ("late", "TTLExpiredException"))
