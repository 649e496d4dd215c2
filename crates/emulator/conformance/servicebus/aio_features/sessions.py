"""Sessions: who holds one, what it remembers, and what the loss of its lock does."""

import asyncio

from aio_features.bus import feature, impatient, nothing, one, rest, take
from azure.servicebus import NEXT_AVAILABLE_SESSION as NEXT, ServiceBusMessage as Message
from azure.servicebus.aio import AutoLockRenewer
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)
from features.bus import DEAD, DELETE, bodies, seconds
from features.shared import WORK_SECONDS
from runner import advance, eq, refused


@feature("sessions: a receiver gets its own session's messages, in order")
async def own_messages(bus):
    for name in ("own-a", "own-b"):
        await bus.send_numbers("sessions", 4, session_id=name)
    for name in ("own-a", "own-b"):
        async with bus.receiver("sessions", session_id=name, **DELETE) as receiver:
            eq(receiver.session.session_id, name, "session_id")
            eq(bodies(await rest(receiver)), ["0", "1", "2", "3"])


@feature("sessions: messages are completed, abandoned and dead-lettered in one")
async def settled(bus):
    messages = [Message(word, session_id="settled") for word in ("done", "bad", "again")]
    await bus.send("sessions-settled", *messages)
    async with bus.receiver("sessions-settled", session_id="settled") as receiver:
        done, bad, again = await take(receiver, 3)
        await receiver.complete_message(done)
        await receiver.dead_letter_message(bad, reason="why")
        await receiver.abandon_message(again)
        again = await one(receiver)
        eq((str(again), again.delivery_count), ("again", 1))
        await receiver.complete_message(again)
    (dead,) = await bus.drain("sessions-settled", **DEAD)
    eq((dead.session_id, dead.dead_letter_reason), ("settled", "why"))


@feature("sessions: the next available one has messages, and is none that is held")
async def next_available(bus):
    for name in ("over-a", "over-b"):
        await bus.send("sessions-over", Message(name, session_id=name))
    options = {"session_id": NEXT, "max_wait_time": 10, **DELETE}
    async with bus.receiver("sessions-over", **options) as first:
        async with bus.receiver("sessions-over", **options) as second:
            found = [str(await one(receiver)) for receiver in (first, second)]
            eq(found, [first.session.session_id, second.session.session_id])
    eq(sorted(found), ["over-a", "over-b"])


@feature("sessions: with none available the wait ends in a timeout")
async def none_available(_):
    async with impatient() as bus:
        with refused(OperationTimeoutError):
            async with bus.receiver("sessions-none", session_id=NEXT, max_wait_time=1):
                pass


@feature("sessions: the wait for the next ends with the first message of one")
async def wait_for_next(bus):
    async def later():
        await asyncio.sleep(1)
        await bus.send("sessions-wait", Message("x", session_id="late"))

    sending = asyncio.create_task(later())
    options = {"session_id": NEXT, "max_wait_time": 20, **DELETE}
    async with bus.receiver("sessions-wait", **options) as receiver:
        eq(receiver.session.session_id, "late", "session_id")
        eq(bodies(await rest(receiver)), ["x"])
    await sending


@feature("sessions: one that is held elsewhere cannot be locked, and is free once closed")
async def held_elsewhere(bus):
    await bus.send("sessions", Message("x", session_id="held"))
    async with bus.receiver("sessions", session_id="held"):
        async with impatient() as other:
            with refused(SessionCannotBeLockedError):
                async with other.receiver("sessions", session_id="held"):
                    pass
    async with bus.receiver("sessions", session_id="held", **DELETE) as receiver:
        eq(bodies(await rest(receiver)), ["x"])


@feature("sessions: state is none at first, survives a new receiver, and is cleared")
async def state(bus):
    async with bus.receiver("sessions", session_id="state") as receiver:
        eq(await receiver.session.get_state(), None, "state at first")
        await receiver.session.set_state(b"\x00\xff state")
    async with bus.receiver("sessions", session_id="state") as receiver:
        eq(await receiver.session.get_state(), b"\x00\xff state", "state in a new receiver")
        await receiver.session.set_state(None)
        eq(await receiver.session.get_state(), None, "state at last")


@feature("sessions: renewing a lock puts its end off", moves_clock=True)
async def renew(bus):
    async with bus.receiver("sessions-short", session_id="renewed") as receiver:
        before = receiver.session.locked_until_utc
        for _ in range(3):
            advance(3)
            renewed = await receiver.session.renew_lock()
        assert before + seconds(9) <= renewed, f"the lock ends at {renewed}"


@feature("sessions: a lost lock fails what follows, and a new receiver goes on", moves_clock=True)
async def lock_lost(bus):
    await bus.send("sessions-short", Message("x", session_id="lost"))
    async with bus.receiver("sessions-short", session_id="lost") as receiver:
        message = await one(receiver)
        advance(6)
        with refused(SessionLockLostError):
            await receiver.complete_message(message)
    async with bus.receiver("sessions-short", session_id="lost") as receiver:
        message = await one(receiver)
        eq(message.delivery_count, 1, "delivery_count")
        await receiver.complete_message(message)
        await nothing(receiver)


@feature("sessions: a deferred message is had by number in its session")
async def defer(bus):
    await bus.send("sessions", Message("later", session_id="defer"))
    async with bus.receiver("sessions", session_id="defer") as receiver:
        message = await one(receiver)
        await receiver.defer_message(message)
        await nothing(receiver)
        (message,) = await receiver.receive_deferred_messages(message.sequence_number)
        eq(str(message), "later")
        await receiver.complete_message(message)


@feature("sessions: a receiver without one is refused, and one where there are none")
async def without(_):
    for queue, options in (("sessions", {}), ("clients", {"session_id": "any"})):
        async with impatient() as bus:
            with refused(ServiceBusError, "session"):
                async with bus.receiver(queue, **options) as receiver:
                    await receiver.receive_messages(max_wait_time=1)


@feature("renewer: keeps a session's lock while it is worked on")
async def renewed_session(bus):
    await bus.send("sessions-auto-renew", Message("slow", session_id="slow"))
    async with AutoLockRenewer() as renewer:
        options = {"session_id": "slow", "auto_lock_renewer": renewer}
        async with bus.receiver("sessions-auto-renew", **options) as receiver:
            message = await one(receiver)
            await asyncio.sleep(WORK_SECONDS)
            await receiver.complete_message(message)
            await nothing(receiver)
