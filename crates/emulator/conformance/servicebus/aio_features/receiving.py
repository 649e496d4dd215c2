"""Receive modes, waiting, iterators, competing receivers; complete, abandon, dead-letter."""

import asyncio
import time

from aio_features.bus import feature, impatient, nothing, one, rest, take
from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import MessageAlreadySettled, MessagingEntityNotFoundError
from features.bus import DEAD, DELETE, bodies
from runner import eq, properties, refused

NUMBERS = [str(number) for number in range(10)]


@feature("receive: an empty queue gives an empty list when the wait is over")
async def receive_empty(bus):
    async with bus.receiver("receive-empty") as receiver:
        started = time.monotonic()
        eq(await receiver.receive_messages(5, max_wait_time=1), [])
        assert 0.8 < time.monotonic() - started < 20, "the wait was not kept"


@feature("receive: no more messages come than were asked for")
async def receive_count(bus):
    await bus.send_numbers("receive-count", 6)
    async with bus.receiver("receive-count", **DELETE) as receiver:
        eq(bodies(await take(receiver, 4)), NUMBERS[:4])
        eq(bodies(await take(receiver, 2)), NUMBERS[4:6])
        await nothing(receiver)


@feature("receive: receive-and-delete leaves nothing and settles nothing")
async def receive_delete(bus):
    await bus.send("receive-delete", Message("gone"))
    async with bus.receiver("receive-delete", **DELETE) as receiver:
        message = await one(receiver)
        eq(message.locked_until_utc, None, "locked_until_utc")
        with refused(ValueError):
            await receiver.complete_message(message)
        await nothing(receiver)


@feature("receive: a message that is sent meanwhile ends the wait")
async def receive_waiting(bus):
    async def later():
        await asyncio.sleep(0.5)
        await bus.send("receive-waiting", Message("late"))

    async with bus.receiver("receive-waiting", **DELETE) as receiver:
        sending = asyncio.create_task(later())
        started = time.monotonic()
        eq(bodies(await receiver.receive_messages(1, max_wait_time=30)), ["late"])
        assert time.monotonic() - started < 20, "the wait went on"
        await sending


@feature("receive: competing receivers share the messages, each to one")
async def receive_competing(bus):
    await bus.send_numbers("receive-competing", 8)
    found = []
    async with bus.receiver("receive-competing") as first:
        async with bus.receiver("receive-competing") as second:
            for receiver in (first, second) * 4:
                message = await one(receiver)
                await receiver.complete_message(message)
                found.append(str(message))
            await nothing(first)
            await nothing(second)
    eq(sorted(found), NUMBERS[:8])


@feature("receive: an iterator gives all and ends when the wait is over")
async def receive_iterator(bus):
    await bus.send_numbers("receive-iterator", 5)
    found = []
    async with bus.receiver("receive-iterator", max_wait_time=1) as receiver:
        async for message in receiver:
            found.append(str(message))
            await receiver.complete_message(message)
    eq(found, NUMBERS[:5])


@feature("receive: prefetched messages that were not asked for go back on closing")
async def receive_prefetch(bus):
    await bus.send_numbers("receive-prefetch", 10)
    async with bus.receiver("receive-prefetch", prefetch_count=10) as receiver:
        message = await one(receiver)
        await receiver.complete_message(message)
    async with bus.receiver("receive-prefetch", prefetch_count=10) as receiver:
        found = [*await take(receiver, 9), message]
    eq(sorted(bodies(found)), NUMBERS)


@feature("receive: 1,000 messages come in order, every one once")
async def receive_many(bus):
    async with bus.sender("receive-many") as sender:
        for start in range(0, 1000, 100):
            messages = [Message(str(number)) for number in range(start, start + 100)]
            await sender.send_messages(messages)
    async with bus.receiver("receive-many", prefetch_count=200, **DELETE) as receiver:
        found = await take(receiver, 1000)
        eq(await rest(receiver), [], "what is left")
    eq(bodies(found), [str(number) for number in range(1000)])


@feature("receive: an unknown queue or subscription is not found")
async def receive_not_found(_):
    for entity in ("no-such-queue", "fan-out/no-such"):
        async with impatient() as bus:
            with refused(MessagingEntityNotFoundError):
                await bus.drain(entity)


@feature("settle: a completed message is gone, and settled once")
async def complete(bus):
    await bus.send("settle-complete", Message("done"))
    async with bus.receiver("settle-complete") as receiver:
        message = await one(receiver)
        await receiver.complete_message(message)
        with refused(MessageAlreadySettled):
            await receiver.complete_message(message)
        await nothing(receiver)
        eq(await receiver.peek_messages(), [])


@feature("settle: many at once, in any order")
async def out_of_order(bus):
    await bus.send_numbers("settle-out-of-order", 10)
    async with bus.receiver("settle-out-of-order") as receiver:
        found = await take(receiver, 10)
        await asyncio.gather(*(receiver.complete_message(message) for message in found[::-2]))
        for message in found[::2]:
            await receiver.abandon_message(message)
    eq(bodies(await bus.drain("settle-out-of-order")), NUMBERS[::2])


@feature("settle: an abandoned message comes again and is counted")
async def abandon(bus):
    await bus.send("settle-abandon", Message("again"))
    async with bus.receiver("settle-abandon") as receiver:
        for count in range(3):
            message = await one(receiver)
            eq(message.delivery_count, count, "delivery_count")
            await receiver.abandon_message(message)


@feature("settle: max delivery count sends a message to the dead letters")
async def poison(bus):
    await bus.send("poison", Message("bad", message_id="p-1"))
    async with bus.receiver("poison") as receiver:
        for _ in range(3):
            await receiver.abandon_message(await one(receiver))
        await nothing(receiver)
    (dead,) = await bus.drain("poison", **DEAD)
    eq((dead.message_id, dead.dead_letter_reason), ("p-1", "MaxDeliveryCountExceeded"))


@feature("settle: a dead letter carries reason and description")
async def dead_letter(bus):
    await bus.send("settle-dead-letter", Message("bad", application_properties={"k": "v"}))
    async with bus.receiver("settle-dead-letter") as receiver:
        message = await one(receiver)
        await receiver.dead_letter_message(message, reason="why", error_description="because")
    (dead,) = await bus.drain("settle-dead-letter", **DEAD)
    eq((dead.dead_letter_reason, dead.dead_letter_error_description), ("why", "because"))
    expected = {"k": "v", "DeadLetterReason": "why", "DeadLetterErrorDescription": "because"}
    eq(properties(dead), expected, "properties")


@feature("dead letters: are locked, renewed and completed like other messages")
async def dead_letter_complete(bus):
    await bus.send("dead-letter-complete", Message("bad"))
    async with bus.receiver("dead-letter-complete") as receiver:
        await receiver.dead_letter_message(await one(receiver))
    async with bus.receiver("dead-letter-complete", **DEAD) as dead:
        message = await one(dead)
        await nothing(dead)
        await dead.renew_message_lock(message)
        await dead.complete_message(message)
        eq(await dead.peek_messages(), [])
